# The texts of all pages. Each name stands in nl.ftl too, with the same values.

skip-to-content = To the content
other-language = Nederlands
footer-gateway = Gateway with OIN { $oin }.
to-start = To the start page

start-title = Sluis
start-lead = Sluis decides which data police, public prosecution (OM), probation (reclassering), mental-health care (GGZ), Veilig Thuis and their partners share around severe domestic violence: what is needed, and nothing more.
start-doors = As a canal lock never opens both its doors, nothing passes here unless rules and consent allow it and it stands in the disclosure log.
start-open-title = For anyone to read
start-open = These documents hold no personal data.
start-openapi = The API, as an OpenAPI document
start-keys = The keys under which answers are signed
start-checkpoint = The state of the disclosure log (checkpoint)
start-about-you-title = Data about yourself
start-about-you = You have the right to see what was disclosed about you (GDPR, in Dutch AVG, article 15). Ask the privacy officer (FG) of the organisation that you deal with; Sluis shows nothing about persons on this page.

trouble-id = If this goes on, give this number to the operator: { $id }
misdirected-title = Sluis has another address
misdirected-do = No pages are shown here. Open Sluis under its own address:
not-found-title = There is no such page
not-found-do = The address is wrong, or you may not know whether it exists. Look at the address again.
foreign-title = This request did not come from a page of Sluis
foreign-do = Nothing was changed. Open Sluis itself, not from another site, and try again.
method-title = This cannot be done here
method-do = Go back to the page from which you came, and use the buttons that are there.
slow-title = The form did not arrive in time
slow-do = Nothing was changed. Look at your connection and send it again.
large-title = The form is too large
large-do = Nothing was changed. Make the text shorter and send it again.
unavailable-title = Sluis cannot do this now
unavailable-do = Nothing was changed. Try again in a minute.
malformed-title = This request cannot be read
malformed-do = Nothing was changed. Go back, load the page again, and try once more.
broken-title = Something went wrong in Sluis
broken-do = It is not your fault. Whether anything was changed stands in the log; try again in a minute.
