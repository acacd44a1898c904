// The secret of a one-time link stands behind "#", which is sent nowhere: it goes into the form, and out of the address and the history.
const code = document.getElementById("code");
if (location.hash.length > 1) {
  code.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  document.getElementById("sign-in").requestSubmit();
}
