# Alle Texte der Seiten auf Deutsch, in der Höflichkeitsform. Schlüssel und { $Lücken } wie in en.ftl.

## Der Rahmen
footer-host = Sie sind auf <b>{ $host }</b>
footer-language = Sprache
title-error = Fehler: { $title }
continue-to = um mit <b>{ $client }</b> fortzufahren
moment = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }, { $clock } Uhr UTC
list-and = { $rest } und { $last }
wait-seconds = { $n ->
    [one] Der nächste Versuch zählt in 1 Sekunde wieder.
   *[other] Der nächste Versuch zählt in { $n } Sekunden wieder.
}
wait-minutes = { $n ->
    [one] Der nächste Versuch zählt in 1 Minute wieder.
   *[other] Der nächste Versuch zählt in { $n } Minuten wieder.
}
wait-pause = { $n ->
    [one] Versuchen Sie es in 1 Minute noch einmal.
   *[other] Versuchen Sie es in { $n } Minuten noch einmal.
}

## Anmelden
login-title = Anmelden
login-username = Benutzername oder E-Mail-Adresse
login-password = Passwort
login-remember = Auf diesem Gerät angemeldet bleiben
login-submit = Anmelden
login-wrong = Das hat nicht geklappt. Prüfen Sie Benutzernamen und Passwort. Nach einigen falschen Versuchen ist die Anmeldung eine Zeit lang gesperrt.
login-forgot = Passwort vergessen?
login-done-reset = Ihr Passwort ist gesetzt. Melden Sie sich damit an.
login-enrol = Melden Sie sich zuerst an; gleich danach richten Sie Ihren zweiten Faktor ein.
login-provider = Anmelden mit { $provider }

## Bestätigen
confirm-title = Bestätigen Sie, dass Sie es sind
confirm-lead = Sie sind als <b>{ $username }</b> angemeldet. Für diesen Schritt brauchen wir Ihr Passwort noch einmal.
confirm-submit = Bestätigen
confirm-cancel = Zurück zum Konto
confirm-wrong = Das hat nicht geklappt. Prüfen Sie das Passwort. Nach einigen falschen Versuchen ist dieser Schritt eine Zeit lang gesperrt.

## Zweiter Faktor
mfa-title = Code der Authenticator-App
mfa-heading = Geben Sie Ihren Code ein
mfa-code = Code aus Ihrer Authenticator-App
mfa-hint = { $digits } Ziffern, für <b>{ $username }</b>
mfa-submit = Weiter
mfa-use-recovery = Wiederherstellungscode verwenden
mfa-restart = Als jemand anderes anmelden
mfa-wrong = Dieser Code hat nicht funktioniert. Nehmen Sie den neuesten aus Ihrer App; jeder gilt nur einmal.
mfa-trust = { $n ->
    [one] Diesem Browser 1 Tag lang vertrauen
   *[other] Diesem Browser { $n } Tage lang vertrauen
}
mfa-use-totp = Authenticator-App verwenden
mfa-use-sms = Code per SMS erhalten
mfa-use-email = Code per E-Mail erhalten
mfa-sms-title = Code per SMS
mfa-sms-heading = Code per SMS erhalten
mfa-sms-lead = Wir senden einen Code an <b>{ $to }</b>.
mfa-sms-weak = Wer Ihre Telefonnummer übernimmt, bekommt auch diese Codes. Sicherer ist eine Authenticator-App.
mfa-email-title = Code per E-Mail
mfa-email-heading = Code per E{"\u2011"}Mail erhalten
mfa-email-lead = Wir senden einen Code an <b>{ $to }</b>.
mfa-email-weak = Wer Ihre E-Mails lesen kann, bekommt auch diese Codes. Sicherer ist eine Authenticator-App.
mfa-nothing-title = Kein zweiter Faktor verwendbar
mfa-nothing-what = Ihr Konto hat einen zweiten Faktor, aber dieser Server nimmt ihn zurzeit nicht an, und Wiederherstellungscodes sind keine mehr übrig.
mfa-nothing-next = Bitten Sie den Betreiber dieses Servers, Ihren zweiten Faktor zurückzusetzen.
message-send = Code senden
message-again = Neuen Code senden
message-code = Code aus der Nachricht
message-hint = 6 Ziffern, für <b>{ $username }</b>. Nur der neueste Code gilt.
message-wrong = Dieser Code hat nicht funktioniert. Nehmen Sie den neuesten; jeder gilt einmal und 10 Minuten lang.
message-capped = Es wurden zu viele Codes gesendet, deshalb ging jetzt keiner hinaus.
sending-underway = Der Code ist unterwegs an { $to }. Das kann eine Minute dauern.
sending-sent = Ein Code ging an { $to }.
sending-failed = Der Code konnte nicht an { $to } zugestellt werden. Nehmen Sie einen anderen Weg, oder versuchen Sie es noch einmal.
sending-unknown = Wir wissen nicht, ob der Code bei { $to } angekommen ist. Wenn nichts eintrifft, nehmen Sie einen anderen Weg, oder senden Sie einen neuen Code.
recovery-title = Wiederherstellungscode
recovery-heading = Wiederherstellungs{"\u00AD"}code verwenden
recovery-code = Einer Ihrer Wiederherstellungscodes
recovery-hint = Für <b>{ $username }</b>. Jeder Code gilt nur einmal.
recovery-submit = Weiter
recovery-wrong = Dieser Wiederherstellungscode hat nicht funktioniert. Jeder gilt nur einmal.

## Authenticator-App einrichten
enrol-title = Authenticator-App einrichten
enrol-required = Ihre Rolle verlangt bei der Anmeldung einen zweiten Faktor.
enrol-add-key = Tragen Sie diesen Schlüssel in Ihre Authenticator-App ein.
enrol-scan = Scannen Sie diesen Code mit Ihrer Authenticator-App.
enrol-qr = QR-Code
enrol-cannot-scan = Scannen geht nicht? Tippen Sie stattdessen den Schlüssel ab.
enrol-key = Schlüssel
enrol-account = Konto
enrol-issuer = Aussteller
enrol-code = Geben Sie dann die { $digits } angezeigten Ziffern ein
enrol-submit = Einschalten
enrol-later = Später
enrol-wrong = Dieser Code passt nicht. Prüfen Sie die Uhrzeit Ihres Telefons und nehmen Sie den neuesten Code.
enrol-cancel = Zurück zum Konto
enrol-other = Anderen Weg wählen
enrol-choice-title = Zweiten Faktor einrichten
enrol-choice-lead = Neben Ihrem Passwort fragt die Anmeldung dann nach etwas, das nur Sie haben.
enrol-choose = Einrichten
enrol-weak = Schwächer
enrol-totp-about = Eine App auf Telefon oder Computer zeigt jede halbe Minute einen neuen Code. Sie braucht kein Netz.
enrol-sms-about = Ein Code kommt auf Ihr Telefon. Wer Ihre Nummer übernimmt, bekommt ihn ebenfalls.
enrol-email-about = Ein Code kommt in Ihr Postfach. Wer Ihre E-Mails lesen kann, bekommt ihn ebenfalls.
enrol-sms-title = Codes per SMS einrichten
enrol-sms-number = Telefonnummer
enrol-sms-hint = Mit Landesvorwahl, zum Beispiel +49 151 23456789. Wir senden jetzt einen Code dorthin.
enrol-sms-code-title = Telefonnummer bestätigen
enrol-email-title = Codes per E{"\u2011"}Mail einrichten
enrol-email-address = E-Mail-Adresse
enrol-email-hint = Wir senden jetzt einen Code dorthin.
enrol-email-code-title = E-Mail-Adresse bestätigen
enrol-code-hint = 6 Ziffern, gesendet an <b>{ $to }</b>. Nur der neueste Code gilt.
enrol-link-title = Richten Sie Ihren zweiten Faktor ein
enrol-link-lead = Dieser Link ist für <b>{ $username }</b>.
enrol-link-once = Zuerst melden Sie sich mit Ihrem Passwort an. Der Link funktioniert einmal, und ohne dieses Passwort nützt er niemandem.
enrol-link-go = Anmelden und fortfahren
factor-totp = Authenticator-App
factor-sms = Codes per SMS
factor-email = Codes per E-Mail

## Wiederherstellungscodes
codes-title = Ihre Wiederherstellungscodes
codes-heading = Bewahren Sie Ihre Wiederherstellungs{"\u00AD"}codes auf
codes-lead = Mit ihnen kommen Sie hinein, wenn Sie Ihre Authenticator-App nicht zur Hand haben. Jeder gilt nur einmal, und sie werden <b>nur jetzt angezeigt</b>.
codes-replaced = Ihre älteren Wiederherstellungscodes gelten nicht mehr.
codes-label = Wiederherstellungscodes
codes-keep = Für <b>{ $account }</b>. Bewahren Sie sie in einem Passwortmanager auf, oder drucken Sie diese Seite aus.
codes-keep-host = Für <b>{ $account }</b> auf { $host }. Bewahren Sie sie in einem Passwortmanager auf, oder drucken Sie diese Seite aus.
codes-submit = Ich habe sie aufbewahrt
codes-download = Als Datei herunterladen
codes-file = Wiederherstellungscodes von { $account } auf { $host }. Jeder gilt nur einmal.
codes-new-title = Neue Wiederherstellungs{"\u00AD"}codes
codes-new-left = { $n ->
    [0] Von Ihren Wiederherstellungscodes ist keiner mehr übrig. Neue treten an ihre Stelle.
    [one] Ein Wiederherstellungscode ist noch übrig. Neue treten an seine Stelle.
   *[other] Es sind noch { $n } Wiederherstellungscodes übrig. Neue treten an ihre Stelle, und die alten gelten nicht mehr.
}
codes-new-lost = Wiederherstellungscodes werden nur einmal angezeigt. Erstellen Sie neue; sie treten an die Stelle der vorigen.
codes-new-submit = Neue Codes erstellen
codes-new-cancel = Die alten behalten

## Passkeys
passkey-or = oder
passkey-sign-in = Mit Passkey anmelden
passkey-sign-in-wrong = Dieser Passkey hat hier nicht funktioniert. Versuchen Sie einen anderen, oder melden Sie sich mit Ihrem Passwort an.
passkey-needs = Das braucht JavaScript und einen Browser, der Passkeys kennt. Wenn Ihrer das nicht tut, wählen Sie einen anderen Weg.
passkey-cancelled = Es wurde kein Passkey verwendet. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.
passkey-failed = Ihr Browser konnte das nicht. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.
passkey-known = Dieses Gerät hat schon einen Passkey für Ihr Konto.
passkey-nothing-to-ask = Hier kann gerade kein Passkey verwendet werden. Laden Sie die Seite neu, oder wählen Sie einen anderen Weg.
passkey-sign-in-again = Ihre Anmeldung ist abgelaufen. Melden Sie sich neu an.
passkey-confirm = Mit Passkey bestätigen
mfa-use-passkey = Passkey verwenden
factor-passkey = Passkey
enrol-passkey-about = Fingerabdruck, Gesicht oder PIN, auf diesem Gerät, einem Telefon oder einem Sicherheitsschlüssel. Der sicherste Weg.
mfa-passkey-title = Passkey
mfa-passkey-heading = Verwenden Sie Ihren Passkey
mfa-passkey-hint = Für <b>{ $username }</b>. Ihr Gerät fragt nach Fingerabdruck, Gesicht oder PIN.
mfa-passkey-submit = Passkey verwenden
mfa-passkey-wrong = Dieser Passkey hat nicht funktioniert. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.
passkey-new-title = Passkey hinzufügen
passkey-new-lead = Mit einem Passkey melden Sie sich mit Fingerabdruck, Gesicht oder PIN an. Niemand kann ihn erraten, und keine andere Website kann nach ihm fragen.
passkey-new-name = Name
passkey-new-name-hint = Damit Sie ihn von anderen unterscheiden, zum Beispiel „Telefon“ oder „Blauer Schlüssel“.
passkey-new-submit = Passkey erstellen
passkey-new-cancelled = Es wurde kein Passkey erstellt. Versuchen Sie es noch einmal, wenn Sie so weit sind.
passkey-new-wrong = Das hat nicht geklappt. Versuchen Sie es noch einmal.
passkeys-title = Ihre Passkeys
passkeys-lead = Mit jedem davon melden Sie sich mit Fingerabdruck, Gesicht oder PIN an. Entfernen Sie die, deren Gerät nicht mehr Ihres ist.
passkeys-none = Sie haben noch keinen Passkey.
passkeys-added = hinzugefügt am { $when }
passkeys-used = zuletzt verwendet am { $when }
passkeys-unused = noch nicht verwendet
passkeys-synced = Synchronisiert
passkeys-shut = Seit { $when } abgelehnt: Sein Zähler ging zurück, als wäre er kopiert worden. Entfernen Sie ihn, und fügen Sie einen neuen hinzu.
passkeys-flagged = Sein Zähler ging am { $when } zurück: Vielleicht wurde er kopiert. Wenn Sie nicht wissen, warum, entfernen Sie ihn und fügen einen neuen hinzu.
passkeys-rename = Umbenennen
passkeys-new-name = Neuer Name
passkeys-save = Speichern
passkeys-remove = Entfernen
passkeys-add = Passkey hinzufügen
passkeys-done-new = Ihr Passkey ist bereit.
passkeys-done-renamed = Er hat seinen neuen Namen.
passkeys-done-removed = Der Passkey wurde entfernt. Überall sonst sind Sie abgemeldet.
passkey-remove-title = Passkey entfernen
passkey-remove-lead = Mit <b>{ $label }</b> können Sie sich dann nicht mehr anmelden.
passkey-remove-what = Ihr Gerät zeigt ihn vielleicht noch an, bis Sie ihn auch dort löschen. Überall sonst werden Sie abgemeldet.
passkey-remove-stay = Behalten
passkey-remove-submit = Entfernen

## Passwörter
password-title = Passwort ändern
password-heading-expired = Wählen Sie ein neues Passwort
password-lead-expired = Ihr Passwort ist abgelaufen. Wählen Sie ein neues, um fortzufahren.
password-current = Bisheriges Passwort
password-new = Neues Passwort
password-submit = Passwort ändern
password-cancel = Beim alten bleiben
password-wrong = Das bisherige Passwort stimmt nicht. { $wait }
password-rule-length = { $min } bis { $max } Zeichen; Leerzeichen, Akzente und Emojis zählen mit.
password-kind-upper = einem Großbuchstaben
password-kind-lower = einem Kleinbuchstaben
password-kind-digit = einer Ziffer
password-kind-symbol = einem Sonder- oder Leerzeichen
password-rule-kinds = Mit { $kinds }.
password-rule-strength = Schwer zu erraten: mindestens Stärke { $score } von 4; gut sind vier Wörter, die nichts miteinander zu tun haben.
password-rule-listed = Kein gängiges Wort und kein bekannt gewordenes Passwort, auch nicht mit Ziffern und Sonderzeichen drumherum.
password-rule-pattern = Nicht überwiegend Tastaturreihen, Wiederholungen, Reihenfolgen oder Daten.
password-rule-own = Ohne Ihren Namen, Ihre E-Mail-Adresse und den Namen dieser Website.
password-too-short = Verwenden Sie mindestens { $min } Zeichen; einige Wörter ohne Zusammenhang ergeben ein gutes Passwort.
password-too-long = Verwenden Sie höchstens { $max } Zeichen.
password-no-upper = Fügen Sie einen Großbuchstaben hinzu.
password-no-lower = Fügen Sie einen Kleinbuchstaben hinzu.
password-no-digit = Fügen Sie eine Ziffer hinzu.
password-no-symbol = Fügen Sie ein Sonderzeichen oder ein Leerzeichen hinzu, zum Beispiel - oder !.
password-too-weak = Zu leicht zu erraten: Stärke { $score } von 4, verlangt ist mindestens { $min }. { $hint }
password-listed = Das ist ein gängiges Wort oder ein bekannt gewordenes Passwort, auch ohne die Ziffern und Sonderzeichen drumherum; wählen Sie etwas, das sonst niemand benutzt.
password-pattern = Das meiste davon ist { $what }; nehmen Sie etwas ohne Muster.
password-pattern-walk = eine Tastenfolge wie qwertz oder 1qaz2wsx
password-pattern-repeat = eine Wiederholung wie aaaa oder abcabc
password-pattern-sequence = eine Reihenfolge wie abcdef oder 9876
password-pattern-date = ein Datum oder ein Jahr wie 31.12.1999
password-own-words = Lassen Sie Ihren Namen, Ihre E-Mail-Adresse und den Namen dieser Website weg.
password-reused = { $n ->
    [one] Das neue Passwort darf nicht das bisherige sein.
   *[other] Das neue Passwort darf keines Ihrer letzten { $n } Passwörter sein.
}
strength-0 = Sehr leicht zu erraten
strength-1 = Leicht zu erraten
strength-2 = Nicht schwer genug zu erraten
strength-3 = Schwer zu erraten
strength-4 = Sehr schwer zu erraten
## Vergessenes Passwort
forgot-title = Passwort vergessen
forgot-lead = Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse an. Wenn es ein Konto gibt, geht ein Link an dessen Postfach.
forgot-submit = Link senden
forgot-operator = Dieser Server versendet keine E-Mails. Bitten Sie den Betreiber um einen Link zu einem neuen Passwort.
forgot-back = Zurück zur Anmeldung
reset-asked-title = Sehen Sie in Ihr Postfach
reset-asked-lead = Wenn es ein Konto mit diesem Namen gibt, ist ein Link zu einem neuen Passwort unterwegs. { $n ->
    [one] Er gilt 1 Minute
   *[other] Er gilt { $n } Minuten
}.
reset-asked-hint = Es kommt nichts an? Sehen Sie im Spam-Ordner nach, prüfen Sie den Namen, oder fragen Sie den Betreiber dieses Servers.
reset-title = Neues Passwort wählen
reset-lead = Für <b>{ $username }</b>. Danach sind Sie überall abgemeldet und melden sich neu an.
reset-submit = Passwort setzen

## Erstes Administratorkonto
setup-title = Erstes Administratorkonto
setup-heading = Erstes Administrator{"\u00AD"}konto anlegen
setup-lead = Dieser Link funktioniert nur einmal. Sie melden sich künftig mit dem an, was Sie hier wählen.
setup-username = Benutzername
setup-email = E-Mail-Adresse
setup-name = Name
setup-optional = freiwillig
setup-submit = Administratorkonto anlegen
setup-done-title = Die Einrichtung ist abgeschlossen
setup-done-lead = Dieser Server hat schon ein Administratorkonto. Bitten Sie dort um ein Konto, oder melden Sie sich an, wenn Sie eines haben.
setup-ready-title = Ihr Konto ist bereit
setup-ready-lead = Melden Sie sich als <b>{ $username }</b> mit dem Passwort an, das Sie gewählt haben.
setup-sign-in = Anmelden

## Einladung
invite-title = Einladung annehmen
invite-heading = Willkommen, { $name }
invite-lead = Wählen Sie ein Passwort, um Ihr Konto fertigzustellen. Ihr Benutzername ist <b>{ $username }</b>.
invite-submit = Fertigstellen

## Einwilligung
consent-title = { $client } den Zugriff erlauben
consent-heading = { $client } bittet um Zugriff
consent-again = Sie haben das schon einmal erlaubt. Auf diesem Gerät kann sich aber jedes Programm als { $client } ausgeben, deshalb werden Sie jedes Mal gefragt.
consent-unverified = Nicht geprüft
consent-addressed = Durch ihre Adresse bekannt
consent-approved = Von einem Administrator zugelassen
consent-registered = Hat sich selbst registriert
consent-registered-today = Hat sich heute selbst registriert
consent-verified = Geprüfte App
consent-built-in = Teil dieses Servers
consent-you = Sie sind
consent-not-you = Nicht Sie?
consent-destination = Die Antwort geht an
consent-to-host = <b>{ $host }</b>
consent-to-this-computer = <b>eine App auf diesem Computer</b> ({ $host })
consent-to-app = <b>die App, die Links mit { $scheme }: öffnet,</b> auf diesem Gerät
consent-resource = Zur Verwendung mit
consent-scopes = Die App dürfte dann
consent-new = Neu
consent-sensitive = Heikel
consent-caution-unverified = Niemand hat diese App hier geprüft, und ihren Namen hat sie sich selbst gegeben. Erlauben Sie den Zugriff nur, wenn Sie wissen, wohin die Antwort geht.
consent-caution-addressed = Diese App kommt von <b>{ $host }</b>. Niemand hat sie hier geprüft, und ihren Namen hat sie sich selbst gegeben. Erlauben Sie den Zugriff nur, wenn Sie dieser Adresse vertrauen.
consent-caution-local = Jedes Programm auf diesem Computer könnte die Antwort empfangen. Erlauben Sie den Zugriff nur, wenn Sie { $client } gerade selbst gestartet haben.
consent-deny = Ablehnen
consent-allow = Erlauben

device-title = Ein Gerät verbinden
device-lead = Geben Sie den Code ein, den das Gerät zeigt.
device-code = Code
device-hint = Acht Buchstaben, zum Beispiel BCDF-GHJK. Sie sind als <b>{ $username }</b> angemeldet.
device-caution = Geben Sie einen Code nur ein, wenn Sie dies gerade auf einem Ihrer Geräte begonnen haben. Geben Sie nie einen ein, den Ihnen jemand geschickt hat.
device-submit = Weiter
device-wrong = Dieser Code gilt nicht oder nicht mehr. Prüfen Sie ihn, oder beginnen Sie am Gerät von vorn.
device-paused = Zu viele falsche Codes. Für eine Weile wird keiner angesehen.
device-ask-title = { $client } auf einem Gerät zulassen
device-ask-heading = { $client } auf einem Gerät bittet um Zugriff
device-ask-code = Das Gerät zeigt
device-ask-place = Das Gerät ist bei
device-ask-when = Es fragte am
device-ask-caution = Erlauben Sie dies nur, wenn Sie es selbst auf einem Ihrer Geräte begonnen haben und dieses Gerät diesen Code zeigt. Wer Ihnen den Code oder einen Link geschickt hat, bekäme sonst Zugriff auf Ihr Konto.
device-allowed-title = Das Gerät ist verbunden
device-allowed = <b>{ $client }</b> hat jetzt Zugriff. Sie können diese Seite schließen und zum Gerät zurückkehren.
device-denied-title = Das Gerät bekommt keinen Zugriff
device-denied = <b>{ $client }</b> weiß nun, dass Sie abgelehnt haben. Sie können diese Seite schließen.
device-apps = Apps mit Zugriff auf Ihr Konto
device-gone = Sie wurde schon beantwortet, oder es hat länger als zehn Minuten gedauert.
device-gone-next = Beginnen Sie am Gerät von vorn; es zeigt dann einen neuen Code.
device-nothing-title = Dieses Gerät kann nicht verbunden werden
device-nothing = Nichts von dem, worum dieses Gerät bittet, können Sie vergeben.
device-nothing-next = Bitten Sie den Administrator um eine Rolle, die das darf, und nennen Sie ihm die Kennung.
scope-openid = Wissen, wer Sie sind
scope-profile = Ihren Namen und Ihre Rollen sehen
scope-email = Ihre E-Mail-Adresse sehen
scope-offline = Auch während Ihrer Abwesenheit angemeldet bleiben
scope-other = Die Berechtigung „{ $scope }“ nutzen

## Konto
account-title = Ihr Konto
account-nav = Ihr Konto
account-nav-profile = Profil
account-nav-security = Sicherheit
account-nav-sessions = Sitzungen
account-nav-apps = Apps
account-nav-keys = API-Schlüssel
account-since = Konto seit
account-fixed = Benutzernamen, E-Mail-Adresse und Rollen ändert der Betreiber dieses Servers.
account-name = Ihr Name
account-name-hint = Apps, denen Sie Zugriff geben, können ihn sehen.
account-save = Speichern
account-password-set = Zuletzt geändert am { $when }
account-passkeys = Passkeys
account-passkeys-count = { $n ->
    [0] Noch keine. Mit einem Passkey melden Sie sich per Fingerabdruck, Gesicht oder PIN an.
    [one] Sie haben einen Passkey.
   *[other] Sie haben { $n } Passkeys.
}
account-passkeys-manage = Verwalten
account-passkey-flagged = Einer davon wurde vielleicht kopiert: Sehen Sie nach.
account-second = Zweiter Faktor
account-second-none = Noch keiner. Mit einem zweiten Faktor öffnet Ihr Passwort allein nichts.
account-providers = Anmeldung bei anderen Anbietern
account-providers-none = Noch keiner ist verknüpft.
account-provider-link = Verknüpfen
account-done-linked = Der Anbieter ist verknüpft. Ab jetzt können Sie sich damit anmelden.
account-done-unlinked = Die Verknüpfung wurde entfernt.
account-sms = SMS an { $to }
account-email = E-Mail an { $to }
account-add = Zweiten Faktor hinzufügen
account-remove = Entfernen
remove-title = Zweiten Faktor entfernen
remove-heading = { $name } entfernen?
remove-lead = Sie können sich damit nicht mehr anmelden, und Sie werden überall sonst abgemeldet.
remove-last = Das ist Ihr einziger zweiter Faktor: Danach genügt Ihr Passwort, und Ihre Wiederherstellungscodes gelten nicht mehr. Sie werden überall sonst abgemeldet.
remove-keep = Behalten
account-devices = Browser, mit denen Sie sich angemeldet haben
account-devices-about = Wenn sich jemand mit einem anderen anmeldet, bekommen Sie eine E-Mail, sofern dieser Server welche versendet.
device-used = letzte Anmeldung am { $when }
device-trusted = Vertraut bis { $when }
device-forget = Vergessen
device-distrust = Keinem davon mehr vertrauen
session-end = Abmelden
account-apps = Apps, die für Sie handeln dürfen
account-apps-none = Sie haben keiner App Zugriff gegeben.
app-since = seit { $when }
app-used = zuletzt verwendet am { $when }
app-disconnect = Trennen
account-keys = API-Schlüssel
account-keys-about = Für Ihre Programme, die sich nicht anmelden können. Jeder kann, was ihm erlaubt wurde, solange auch Sie es dürfen.
account-keys-off = Dieser Server nimmt keine API-Schlüssel an.
key-created = erstellt am { $when }
key-endless = endet nie
key-of-agent = für den Agenten { $name }
key-used-from = zuletzt verwendet am { $when } von { $address }
key-over = Beendet
key-due = Ersetzen Sie ihn bis { $when }
key-overdue = Zu ersetzen seit { $when }
key-rotate = Ersetzen
key-revoke = Widerrufen
key-new = Schlüssel erstellen
key-new-title = Neuer API-Schlüssel
key-name = Name
key-name-hint = Damit Sie ihn wiedererkennen, zum Beispiel das Programm, das ihn verwendet.
key-scopes = Was er darf
key-lifetime = Wie lange er gilt
key-days = { $n ->
    [one] 1 Tag
   *[other] { $n } Tage
}
key-forever = Bis er widerrufen wird
key-make = Schlüssel erstellen
key-cancel = Zurück zu den Schlüsseln
key-made-title = Ihr neuer API-Schlüssel
key-made-heading = Kopieren Sie { $name } jetzt
key-made-lead = Das ist der Schlüssel. Er wird <b>nur jetzt angezeigt</b>.
key-made-replaces = Der Schlüssel, an dessen Stelle er tritt, gilt bis { $when }.
key-made-label = API-Schlüssel
key-made-done = Ich habe ihn aufbewahrt
account-factors = So melden Sie sich an
account-codes = Wiederherstellungscodes
account-codes-left = noch { $n }
account-codes-few = noch { $n }: Erstellen Sie neue, bevor sie aufgebraucht sind
account-codes-new = Neue erstellen
account-sessions = Hier sind Sie angemeldet
account-this-session = Diese Sitzung
account-sign-out = Abmelden
account-sign-out-others = Überall sonst abmelden
account-password = Passwort
account-password-change = Ändern
account-factor-used = zuletzt verwendet am { $when }
account-factor-unused = noch nicht verwendet
account-done-password = Ihr Passwort wurde geändert. Überall sonst sind Sie jetzt abgemeldet, und jede App muss neu verbunden werden.
account-done-factor = Ihr zweiter Faktor ist eingerichtet. Überall sonst sind Sie jetzt abgemeldet.
account-done-name = Ihr Name wurde geändert.
account-done-removed = Das wurde entfernt. Überall sonst sind Sie jetzt abgemeldet.
account-done-ended = Diese Sitzung ist beendet.
account-done-forgotten = Dieser Browser wurde vergessen.
account-done-distrusted = Keinem Browser wird mehr vertraut.
account-done-disconnected = Die App wurde getrennt. Sie muss neu fragen.
account-done-revoked = Der Schlüssel wurde widerrufen.
account-done-others = Überall sonst sind Sie jetzt abgemeldet.
session-from = von { $address }
session-started = angemeldet am { $when }
session-seen = zuletzt verwendet am { $when }
session-ends = endet am { $when }
device-browser-on-system = { $browser } unter { $system }
device-unknown = Unbekanntes Gerät

## Abmelden
logout-title = Abmelden
logout-heading = Abmelden?
logout-client = <b>{ $client }</b> möchte Ihre Sitzung hier beenden.
logout-lead = Sie sind als <b>{ $username }</b> angemeldet.
logout-stay = Angemeldet bleiben
logout-submit = Abmelden
logout-unfit-title = Diese App kann Sie nicht abmelden
logout-unfit-app = Die App, die Sie hierher geschickt hat, hat nicht gezeigt, dass sie eine Ihrer Apps ist.
logout-unfit-redirect = Die App, die Sie hierher geschickt hat, will Sie an einer Adresse zurück, die für sie nicht registriert ist.
logout-unfit-next = Wenn Sie angemeldet waren, sind Sie es noch. Hier können Sie sich abmelden.
signed-out-title = Abgemeldet
signed-out-heading = Sie sind abgemeldet
signed-out-lead = Ihre Sitzung auf diesem Gerät ist beendet.
signed-out-again = Wieder anmelden

## Unterwegs
bounce-title = Einen Moment
bounce-lead = Wenn nichts geschieht, gehen Sie von Hand weiter.
bounce-continue = Weiter
form-post-title = Zurück zur App

## Fehler
error-home = Zur Startseite
error-reference = Wenn Sie um Hilfe bitten, nennen Sie diese Kennung:
error-not-found = Nicht gefunden
error-not-found-what = Was Sie suchen, gibt es hier nicht oder nicht mehr.
error-conflict = Das geht gerade nicht
error-conflict-what = Das verträgt sich nicht mit dem jetzigen Stand.
error-invalid = Diese Anfrage kann nicht stimmen
error-invalid-what = Etwas an der Anfrage kann nicht stimmen.
error-denied = Nicht erlaubt
error-denied-what = Das dürfen Sie nicht.
error-limited = Zu viele Versuche
error-limited-what = Es waren zu viele Versuche.
error-busy = Ausgelastet
error-busy-what = Dieser Server hat im Moment zu viel zu tun.
error-internal = Etwas ist schiefgegangen
error-internal-what = Auf diesem Server ist etwas schiefgegangen. Es wurde nichts geändert.
error-next-back = Gehen Sie zurück, und versuchen Sie es noch einmal.
error-next-denied = Melden Sie sich mit einem Konto an, das es darf, oder fragen Sie den Betreiber dieses Servers.
error-next-wait = Warten Sie einen Moment, und versuchen Sie es noch einmal.
error-next-internal = Versuchen Sie es noch einmal. Wenn es dabei bleibt, nennen Sie dem Betreiber die Kennung unten.
unsure-title = Diese App kann Sie nicht anmelden
unsure-client = Die App, die Sie hierher geschickt hat, ist bei diesem Server nicht oder nicht mehr registriert.
unsure-client-next = Entfernen Sie die Verbindung in der App, und fügen Sie sie neu hinzu, damit sie sich neu registriert. Wenn das nicht hilft, bitten Sie den Betreiber dieses Servers, die App zu registrieren.
unsure-off = Die App, die Sie hierher geschickt hat, wurde von einem Administrator dieses Servers abgeschaltet.
unsure-off-next = Fragen Sie den Betreiber dieses Servers, ob sie wieder verwendet werden darf.
unsure-redirect = Die App, die Sie hierher geschickt hat, möchte die Antwort an einer Adresse, die für sie nicht registriert ist.
unsure-redirect-next = Entfernen Sie die Verbindung in der App, und fügen Sie sie neu hinzu. Wenn die App von Hand eingerichtet wurde, muss ihre Redirect-URI hier Buchstabe für Buchstabe registriert sein.
unsure-request = Was die App, die Sie hierher geschickt hat, fragen wollte, ist nicht oder nicht mehr bekannt: Es wurde schon verwendet, oder eine Minute ist vergangen.
unsure-request-next = Gehen Sie zur App zurück, und beginnen Sie von vorn.
unsure-ambiguous = Die App, die Sie hierher geschickt hat, macht widersprüchliche Angaben darüber, wer sie ist.
unsure-ambiguous-next = Gehen Sie zur App zurück, und beginnen Sie von vorn; wenn es wieder geschieht, melden Sie es ihrem Hersteller.
held-what = Die App, die Sie hierher geschickt hat, hat um etwas gebeten, das sie hier nicht haben kann: { $code }.
held-next = Niemand hat diese App geprüft. Darum werden Sie nicht ohne Ihr Zutun weitergeschickt. Wenn Sie { $place } kennen, gehen Sie dorthin zurück: Die App erfährt, was nicht stimmt. Der Betreiber dieses Servers findet unter dem Zeichen unten mehr.
held-next-alone = Niemand hat diese App geprüft. Darum werden Sie nicht ohne Ihr Zutun weitergeschickt. Wenn Sie { $place } kennen, gehen Sie zurück zur App, und sagen Sie es ihrem Hersteller. Der Betreiber dieses Servers findet unter dem Zeichen unten mehr.
held-back = Zurück zu { $place }
waiting-title = Diese App wartet auf einen Administrator
waiting-what = Die App { $client } ({ $place }) ist hier neu. Auf diesem Server stimmt ein Administrator jeder neuen App zu, bevor jemand sie benutzen kann.
waiting-next = Bitten Sie den Betreiber dieses Servers, sie zu erlauben: in der Konsole unter Clients oder mit dem Befehl „mcpcodex client approve { $id }“. Beginnen Sie dann in der App von vorn.
document-off = Die App weist sich durch ein eigenes Dokument aus, und dieser Server nimmt solche Apps nicht an.
document-domain = Die App weist sich durch ein Dokument auf einer Website aus, von der dieser Server keine Apps annimmt.
document-full = Dieser Server kennt so viele Apps, wie er darf, und diese ist neu.
document-taken = Der Name, den die App sich gibt, gehört einer App, die hier auf anderem Weg registriert wurde.
document-url = Die App weist sich durch die URL eines Dokuments aus, und diese URL wird nicht angenommen: { $detail }.
document-inner = Die App weist sich durch ein Dokument aus, das nicht im öffentlichen Internet steht.
document-unknown = Die App weist sich durch ein Dokument auf einem Host aus, den es nicht gibt.
document-connection = Das Dokument, durch das die App sich ausweist, kann nicht geholt werden, weil keine vertrauenswürdige Verbindung zu seinem Host zustande kam: { $detail }.
document-slow = Das Dokument, durch das die App sich ausweist, kam nicht innerhalb von { $detail } Sekunden.
document-redirect = Wo das Dokument sein sollte, durch das die App sich ausweist, steht eine Weiterleitung ({ $detail }). Weiterleitungen wird nicht gefolgt.
document-status = Wo das Dokument sein sollte, durch das die App sich ausweist, antwortet sein Host { $detail } statt 200.
document-large = Das Dokument, durch das die App sich ausweist, hat mehr als { $detail } Bytes.
document-encoded = Das Dokument, durch das die App sich ausweist, kommt gepackt; darum wurde nicht gebeten.
document-type = Das Dokument, durch das die App sich ausweist, kommt nicht als application/json.
document-broken = Die Verbindung brach ab, bevor das Dokument vollständig da war, durch das die App sich ausweist.
document-busy = Das Dokument, durch das die App sich ausweist, kann im Moment nicht geholt werden.
document-object = Das Dokument, durch das die App sich ausweist, ist kein JSON-Objekt.
document-id = In dem Dokument, durch das die App sich ausweist, ist client_id nicht Buchstabe für Buchstabe die URL des Dokuments.
document-missing = In dem Dokument, durch das die App sich ausweist, fehlt { $member }.
document-member = In dem Dokument, durch das die App sich ausweist, ist { $member } nicht das, was es sein muss: { $wanted }.
document-redirect-uri = In dem Dokument, durch das die App sich ausweist, enthält redirect_uris eine, die nicht registriert werden kann: Jede muss https sein, oder http auf diesem Computer, oder ein Schema der App selbst haben, ohne Platzhalter und ohne Fragment.
document-secret = In dem Dokument, durch das die App sich ausweist, steht ein Client-Secret oder ein Weg, eines zu benutzen. Dieses Dokument kann jeder lesen.
document-method = In dem Dokument, durch das die App sich ausweist, ist token_endpoint_auth_method weder none noch private_key_jwt.
document-keys = In dem Dokument, durch das die App sich ausweist, sind die Schlüssel nicht zu gebrauchen: { $detail }.
document-next-maker = Wenn Sie diese App herstellen, berichtigen Sie das Dokument, und versuchen Sie es in einer Minute noch einmal. Wenn Sie sie benutzen, sagen Sie es ihrem Hersteller, oder bitten Sie den Betreiber dieses Servers, die App zu registrieren.
document-next-operator = Bitten Sie den Betreiber dieses Servers, die App zu registrieren oder sie durch ihr Dokument zuzulassen.
document-next-later = Versuchen Sie es in einer Minute noch einmal. Wenn das nicht hilft, fragen Sie den Betreiber dieses Servers.
document-next-again = Dieser Server scheint nichts außerhalb zu erreichen. Darum sagt er Apps von jetzt an, dass sie sich bei ihm registrieren sollen. Beginnen Sie in der App noch einmal, und wenn das nicht gleich hilft, in fünf Minuten wieder. Wenn Sie diesen Server betreiben: Lassen Sie ihn die Hosts der Apps erreichen, oder setzen Sie authentication.clients.metadata_documents auf off.
document-next-shut-in = Dieser Server scheint nichts außerhalb zu erreichen. Bitten Sie seinen Betreiber, die App zu registrieren. Wenn Sie ihn betreiben: Lassen Sie ihn die Hosts der Apps erreichen, oder setzen Sie authentication.clients.metadata_documents auf off.
gone-title = Diese Anfrage ist erledigt
gone-what = Sie wurde schon beantwortet, sie hat länger als 30 Minuten gedauert, oder sie begann in einem anderen Browser.
gone-next = Gehen Sie zur App zurück, und beginnen Sie dort von vorn.

## Sätze des Kerns
core-question-not-shown = Diese Frage wurde in dieser Sitzung nicht gestellt.
core-totp-off = Authenticator-Apps sind in der Konfiguration ausgeschaltet.
core-totp-off-next = Setzen Sie authentication.mfa.providers.totp.enabled: true.
core-enrolment-none = Es wartet keine Authenticator-App auf Bestätigung.
core-enrolment-again = Beginnen Sie die Einrichtung von vorn.
core-enrolment-not-waiting = Diese Authenticator-App wartet nicht auf Bestätigung.
core-enrolment-done = Diese Authenticator-App wurde schon bestätigt.
core-username-taken = Den Benutzernamen „{ $name }“ gibt es schon.
core-username-like = Der Benutzername „{ $name }“ sieht aus wie „{ $other }“, und den gibt es schon.
core-email-taken = Die E-Mail-Adresse { $email } wird schon verwendet.
core-account-changed = Das Konto wurde gerade eben von jemand anderem geändert.
core-account-has-password = Dieses Konto hat schon ein Passwort.
core-password-changed = Das Passwort wurde inzwischen geändert.
core-password-bytes = Das Passwort ist länger als { $bytes } Bytes.
core-factor-not-offered = Dieser zweite Faktor wird nicht angeboten.
core-factor-which = Dieser zweite Faktor wird nicht angeboten; es gibt totp und recovery.
core-factor-not-here = Dieser zweite Faktor kann hier nicht verwendet werden.
core-phone = Das ist keine Telefonnummer mit Landesvorwahl.
core-phone-country = In dieses Land gehen keine Nachrichten.
core-contact-none = Es wartet keine Nummer oder Adresse auf Bestätigung.
core-contact-done = Das wurde schon bestätigt.
core-factor-gone = Diesen zweiten Faktor gibt es nicht oder nicht mehr.
core-key-scope = Geben Sie mindestens eine Berechtigung an: { $scopes }.
core-key-over = Der API-Schlüssel „{ $name }“ wurde schon widerrufen.
core-keys-off = API-Schlüssel sind ausgeschaltet.
core-key-lifetime = Wählen Sie, wie lange der Schlüssel gelten soll.
core-codes-need-factor = Für Wiederherstellungscodes braucht es einen zweiten Faktor.
core-session-ended = Ihre Sitzung ist beendet.
core-sign-in-again = Melden Sie sich unter /login neu an.
core-nobody = Hier ist niemand angemeldet.
core-link-gone = Dieser Link gilt nicht mehr.
core-link-gone-next = Links funktionieren einmal und nur für begrenzte Zeit: Bitten Sie den Betreiber um einen neuen.
core-set-up-already = Dieser Server ist schon eingerichtet.
core-sign-in = Melden Sie sich unter /login an.
core-operator-only = Das darf nur der Betreiber dieses Servers.
core-device-forgotten = Dieser Browser wurde schon vergessen.
core-enrol-by-link = Der zweite Faktor dieses Kontos wurde zurückgesetzt: Für einen neuen brauchen Sie den Link, der dabei entstanden ist.
core-enrol-by-link-next = Öffnen Sie den Link aus Ihrer Administration, oder bitten Sie dort um einen neuen.
core-totp-removed = Diese Authenticator-App wurde schon entfernt.
core-passkeys-off = Passkeys sind in der Konfiguration abgeschaltet.
core-passkeys-off-next = Setzen Sie authentication.mfa.providers.webauthn.enabled: true.
core-passkeys-many = Niemand darf mehr als { $max } Passkeys haben.
core-passkeys-many-next = Entfernen Sie einen, den Sie nicht mehr verwenden.
core-passkey-removed = Dieser Passkey wurde schon entfernt.
core-name-60 = Verwenden Sie höchstens 60 Zeichen.
core-last-factor = Ihre Rolle verlangt einen zweiten Faktor, und dies ist der einzige.
core-last-factor-next = Fügen Sie zuerst einen anderen hinzu.
core-app-holds-nothing = Diese App hat keinen Zugriff mehr, der von Ihnen kommt.
core-provider-off = Bei diesem Anbieter meldet sich hier niemand an.
core-provider-off-next = Melden Sie sich auf andere Weise an.
core-provider-state = Diese Anmeldung hat nicht in diesem Browser begonnen, wurde schon abgeschlossen oder hat zu lange gedauert.
core-provider-state-next = Beginnen Sie auf der Anmeldeseite von vorn, in einem Fenster; Cookies müssen erlaubt sein.
core-provider-mixed = Die Antwort kam von einem anderen Anbieter als dem gefragten.
core-provider-again-next = Beginnen Sie auf der Anmeldeseite von vorn.
core-provider-cancelled = Die Anmeldung wurde beim Anbieter abgebrochen.
core-provider-said = Der Anbieter hat die Anmeldung abgelehnt.
core-provider-retry-next = Versuchen Sie es noch einmal; wenn es dabei bleibt, nennen Sie dem Betreiber die Referenz unten.
core-provider-reach = Der Anbieter ist nicht erreichbar, oder seine Antwort ist nicht zu gebrauchen.
core-provider-token = Was der Anbieter über Sie sagt, ist nicht glaubwürdig.
core-provider-unknown = Kein Konto hier ist mit Ihrem beim Anbieter verknüpft.
core-provider-unknown-next = Melden Sie sich wie bisher bei Ihrem Konto an und verknüpfen Sie es auf der Kontoseite, oder fragen Sie den Betreiber.
core-provider-email-taken = Ein Konto mit Ihrer E-Mail-Adresse gibt es hier, und es ist nicht mit dem Anbieter verknüpft.
core-provider-no-email = Der Anbieter nannte keine E-Mail-Adresse, daher kann kein Konto angelegt werden.
core-provider-unverified = Der Anbieter sagt nicht, dass Ihre E-Mail-Adresse bestätigt ist.
core-provider-no-email-next = Bestätigen Sie die Adresse beim Anbieter, oder bitten Sie den Betreiber um ein Konto.
core-provider-taken = Ihre Identität beim Anbieter ist hier mit einem anderen Konto verknüpft.
core-provider-taken-next = Melden Sie sich damit an, oder lösen Sie dort zuerst die Verknüpfung.
core-provider-over = Die Anmeldung, in der die Verknüpfung verlangt wurde, ist beendet.
core-provider-over-next = Melden Sie sich an und verknüpfen Sie noch einmal.
core-provider-redirect = Diese Redirect-URI ist nicht registriert.
core-provider-redirect-next = Lassen Sie sie weg, oder registrieren Sie sie: mcpcodex client edit CLIENT --redirect-uri URI.
core-provider-last = Ohne diese Verknüpfung könnten Sie sich nicht mehr anmelden.
core-provider-last-next = Verknüpfen Sie zuerst eine andere Identität.
core-provider-not-linked = Diese Identität ist nicht mit diesem Konto verknüpft.
core-provider-not-linked-next = mcpcodex user links NAME.
core-account-shut = Mit diesem Konto können Sie sich im Moment nicht anmelden.
core-account-shut-next = Bitten Sie den Betreiber, es zu entsperren.
core-confirm-first = Dafür ist eine Anmeldung aus den letzten fünf Minuten nötig.
core-confirm-first-next = Bestätigen Sie unter /login/confirm, dass Sie es sind, und versuchen Sie es dann noch einmal.
core-busy-sign-ins = Zu viele Anmeldungen auf einmal.
core-busy-reading = Die Datenbank ist ausgelastet: Es wird an zu vielen Stellen zugleich gelesen.
core-busy-writing = Die Datenbank ist ausgelastet: Zu viele Änderungen warten darauf, gespeichert zu werden.
core-disk-full-next = Schaffen Sie Platz auf dem Datenträger mit dem Datenordner, und versuchen Sie es dann noch einmal.
core-try-again = Versuchen Sie es noch einmal.
core-form-too-large = Das Formular war zu groß oder unvollständig.
core-return-unknown = Unter dieser Adresse ist hier keine App bekannt.
core-return-unknown-next = Tragen Sie sie mit mcpcodex resource add URI ein, oder nennen Sie sie in server.forward_auth.origins.
core-cookie-plain = Das Sitzungs-Cookie wird ohne HTTPS nicht an { $host } gesendet.
core-cookie-plain-next = Stellen Sie jene App über HTTPS bereit.
core-cookie-elsewhere = Das Sitzungs-Cookie wird nicht an { $host } gesendet.
core-cookie-elsewhere-next = Setzen Sie authentication.session.security.domain auf eine Domain, zu der dieser Server und jener Rechner gehören.
core-form-twice = Das Feld „{ $field }“ kam zweimal.
core-form-foreign = Dieses Formular kam nicht von einer Seite dieses Servers, oder die Seite war zu alt.
core-form-foreign-next = Gehen Sie zurück, laden Sie die Seite neu, und versuchen Sie es noch einmal; Cookies müssen erlaubt sein.
core-sign-in-over = Diese Anmeldung läuft nicht mehr.
core-decision = Die Entscheidung muss „allow“ oder „deny“ lauten.
core-authorize-form = Eine Autorisierungsanfrage per POST muss ein Formular sein.
core-no-page = Unter dieser Adresse gibt es keine Seite.
core-name-64 = Verwenden Sie höchstens 64 Zeichen.
core-name-invisible = Lassen Sie Zeilenumbrüche und unsichtbare Zeichen weg; willkommen sind Buchstaben, Ziffern und . _ -.
core-name-small = Schreiben Sie ihn klein: In Großbuchstaben sieht er wie ein anderer Name aus.
core-name-empty = Geben Sie einen Namen von 1 bis 64 Zeichen an.
core-name-at = Lassen Sie das @ weg; für die E-Mail-Adresse gibt es ein eigenes Feld.
core-name-spaces = Lassen Sie die Leerzeichen weg; mit . _ und - lassen sich Wörter verbinden.
core-name-letters = Verwenden Sie nur Buchstaben, Ziffern und . _ -.
core-name-leave-out = Lassen Sie { $char } weg; willkommen sind Buchstaben, Ziffern und . _ -.
core-name-ends = Beginnen und enden Sie mit einem Buchstaben oder einer Ziffer.
core-name-accents = Setzen Sie weniger Akzente auf einen Buchstaben.
core-name-script = Verwenden Sie die Buchstaben einer einzigen Schrift; aus mehreren gemischt sieht es wie ein anderer Name aus.
core-display-200 = Verwenden Sie höchstens 200 Zeichen.
core-display-empty = Geben Sie einen Namen von 1 bis 200 Zeichen an.
core-invisible = Lassen Sie Zeilenumbrüche und unsichtbare Zeichen weg.
core-email-254 = Verwenden Sie höchstens 254 Zeichen.
core-email-form = Schreiben Sie sie in der Form name@example.com.
core-email-at = Schreiben Sie nur ein @, wie in name@example.com.
core-email-local = Verwenden Sie vor dem @ bis zu 64 Zeichen: a-z, Ziffern und . _ + -, den Punkt nicht am Anfang, am Ende oder doppelt.
core-email-domain = Geben Sie nach dem @ eine Domain wie example.com oder localhost an.

## Was zxcvbn über Passwörter sagt
hint-rows = Reihen nebeneinanderliegender Tasten sind leicht zu erraten.
hint-short-walks = Kurze Tastaturmuster sind leicht zu erraten.
hint-repeats = Wiederholungen wie „aaa“ sind leicht zu erraten.
hint-repeated-words = Wiederholungen wie „abcabcabc“ sind kaum schwerer zu erraten als „abc“.
hint-top-10 = Das ist eines der zehn häufigsten Passwörter.
hint-top-100 = Das ist eines der hundert häufigsten Passwörter.
hint-common = Das ist ein sehr häufiges Passwort.
hint-similar = Das ähnelt einem häufig benutzten Passwort.
hint-sequences = Reihenfolgen wie abc oder 6543 sind leicht zu erraten.
hint-years = Jahreszahlen aus jüngerer Zeit sind leicht zu erraten.
hint-word = Ein einzelnes Wort ist leicht zu erraten.
hint-dates = Daten sind oft leicht zu erraten.
hint-names = Vor- und Nachnamen allein sind leicht zu erraten.
hint-common-names = Häufige Vor- und Nachnamen sind leicht zu erraten.
hint-few-words = Verwenden Sie einige Wörter und vermeiden Sie gängige Redewendungen.
hint-another-word = Fügen Sie noch ein oder zwei Wörter hinzu, am besten ungewöhnliche.
hint-capitals = Großbuchstaben helfen nicht viel.
hint-all-capitals = Nur Großbuchstaben sind fast so leicht zu erraten wie nur Kleinbuchstaben.
hint-reversed = Rückwärts geschriebene Wörter sind kaum schwerer zu erraten.
hint-substitutions = Vorhersehbare Ersetzungen wie „@“ statt „a“ helfen nicht viel.
hint-longer-walk = Verwenden Sie ein längeres Tastaturmuster mit mehr Richtungswechseln.
hint-avoid-repeats = Vermeiden Sie wiederholte Wörter und Zeichen.
hint-avoid-sequences = Vermeiden Sie Reihenfolgen.
hint-avoid-years = Vermeiden Sie Jahreszahlen aus jüngerer Zeit.
hint-avoid-own-years = Vermeiden Sie Jahreszahlen, die mit Ihnen zu tun haben.
hint-avoid-own-dates = Vermeiden Sie Daten und Jahreszahlen, die mit Ihnen zu tun haben.
