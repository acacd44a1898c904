// The secret of a one-time link stands behind "#", which is sent nowhere: it goes out of the address and the history, and into the form. Whoever opened the link
// still chooses to sign in: a link that somebody else sent signs nobody in by itself.
const [, secret] = /^#([\w-]{75}\..+)$/.exec(location.hash) ?? [];
if (secret) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("code").value = secret;
}
