# De teksten van alle pagina's. Elke naam staat ook in en.ftl, met dezelfde waarden.

skip-to-content = Naar de inhoud
other-language = English
footer-gateway = Gateway met OIN { $oin }.
to-start = Naar de startpagina

start-title = Sluis
start-lead = Sluis regelt welke gegevens politie, Openbaar Ministerie, reclassering, GGZ, Veilig Thuis en hun partners met elkaar delen rond ernstig huiselijk geweld: wat nodig is, en niet meer.
start-doors = Zoals een sluis nooit beide deuren tegelijk opent, gaat hier niets door zonder dat regels en toestemming het toelaten en het in het verstrekkingenlogboek staat.
start-open-title = Voor iedereen te lezen
start-open = Deze documenten bevatten geen persoonsgegevens.
start-openapi = De API, als OpenAPI-document
start-keys = De sleutels waarmee antwoorden zijn ondertekend
start-checkpoint = De stand van het verstrekkingenlogboek (checkpoint)
start-about-you-title = Gegevens over uzelf
start-about-you = U heeft recht op inzage in wat over u is verstrekt (AVG, artikel 15). Vraag het aan de functionaris gegevensbescherming (FG) van de organisatie waarmee u te maken heeft; Sluis geeft op deze pagina niets over personen.

trouble-id = Blijft dit gebeuren, geef dan dit nummer aan de beheerder: { $id }
misdirected-title = Sluis heeft een ander adres
misdirected-do = Hier worden geen pagina's getoond. Open Sluis onder het eigen adres:
not-found-title = Deze pagina is er niet
not-found-do = Het adres klopt niet, of u mag niet weten of het bestaat. Controleer het adres.
foreign-title = Dit verzoek kwam niet van een pagina van Sluis
foreign-do = Er is niets gewijzigd. Open Sluis zelf, niet vanuit een andere site, en probeer het opnieuw.
method-title = Dit kan hier niet
method-do = Ga terug naar de pagina waarvan u kwam en gebruik de knoppen die daar staan.
slow-title = Het formulier kwam niet op tijd aan
slow-do = Er is niets gewijzigd. Controleer uw verbinding en verstuur het opnieuw.
large-title = Het formulier is te groot
large-do = Er is niets gewijzigd. Maak de tekst korter en verstuur het opnieuw.
unavailable-title = Sluis kan dit nu niet
unavailable-do = Er is niets gewijzigd. Probeer het over een minuut opnieuw.
malformed-title = Dit verzoek is niet te lezen
malformed-do = Er is niets gewijzigd. Ga terug, laad de pagina opnieuw en probeer het nog eens.
broken-title = Er ging iets mis in Sluis
broken-do = Het ligt niet aan u. Of er iets is gewijzigd, staat in het logboek; probeer het over een minuut opnieuw.
