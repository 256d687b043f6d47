# Every text of the pages, in English. The other files have the same keys with the same { $gaps }.
# Texts shown with rich() may hold <b> and must escape & < >; all others are plain.

## The frame
footer-host = You are on <b>{ $host }</b>
footer-language = Language
title-error = Error: { $title }
continue-to = to continue to <b>{ $client }</b>
moment = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
} { $year }, { $clock } UTC
list-and = { $rest } and { $last }
wait-seconds = { $n ->
    [one] The next try counts in 1 second.
   *[other] The next try counts in { $n } seconds.
}
wait-minutes = { $n ->
    [one] The next try counts in 1 minute.
   *[other] The next try counts in { $n } minutes.
}
wait-pause = { $n ->
    [one] Try again in 1 minute.
   *[other] Try again in { $n } minutes.
}

## Sign in
login-title = Sign in
login-username = User name or e-mail
login-password = Password
login-remember = Keep me signed in on this device
login-submit = Sign in
login-wrong = That did not work. Check the user name and the password. After a few wrong tries, sign-in pauses for a while.
login-forgot = Forgot your password?
login-done-reset = Your password is set. Sign in with it.
login-enrol = Sign in first; setting up your second factor comes right after.
login-provider = Sign in with { $provider }

## Confirming who one is
confirm-title = Confirm that it is you
confirm-lead = You are signed in as <b>{ $username }</b>. This step asks for your password once more.
confirm-submit = Confirm
confirm-cancel = Back to your account
confirm-wrong = That did not work. Check the password. After a few wrong tries, this pauses for a while.

## Second factor
mfa-title = Authenticator code
mfa-heading = Enter your code
mfa-code = Code from your authenticator app
mfa-hint = { $digits } digits, for <b>{ $username }</b>
mfa-submit = Continue
mfa-use-recovery = Use a recovery code
mfa-restart = Sign in as someone else
mfa-wrong = That code did not work. Use the newest one from your app; each works once.
mfa-trust = { $n ->
    [one] Trust this browser for 1 day
   *[other] Trust this browser for { $n } days
}
mfa-use-totp = Use your authenticator app
mfa-use-sms = Get a code by SMS
mfa-use-email = Get a code by e-mail
mfa-sms-title = Code by SMS
mfa-sms-heading = Get a code by SMS
mfa-sms-lead = We send a code to <b>{ $to }</b>.
mfa-sms-weak = Whoever takes over your phone number also gets these codes. An authenticator app is safer.
mfa-email-title = Code by e-mail
mfa-email-heading = Get a code by e-mail
mfa-email-lead = We send a code to <b>{ $to }</b>.
mfa-email-weak = Whoever can read your mail also gets these codes. An authenticator app is safer.
mfa-nothing-title = No second factor can be used
mfa-nothing-what = Your account has a second factor, but this server does not take it at the moment, and no recovery codes are left.
mfa-nothing-next = Ask the operator of this server to reset your second factor.
message-send = Send the code
message-again = Send another code
message-code = Code from the message
message-hint = 6 digits, for <b>{ $username }</b>. Only the newest code counts.
message-wrong = That code did not work. Use the newest one; each works once and for 10 minutes.
message-capped = Too many codes were sent, so none went out now.
sending-underway = The code is on its way to { $to }. That can take a minute.
sending-sent = A code went to { $to }.
sending-failed = The code could not be delivered to { $to }. Use another way, or try again.
sending-unknown = We cannot tell whether the code reached { $to }. If nothing arrives, use another way, or send another code.
recovery-title = Recovery code
recovery-heading = Use a recovery code
recovery-code = One of your recovery codes
recovery-hint = For <b>{ $username }</b>. Each code works once.
recovery-submit = Continue
recovery-wrong = That recovery code did not work. Each works once.

## Setting up an authenticator app
enrol-title = Set up an authenticator app
enrol-required = Your role needs a second factor to sign in.
enrol-add-key = Add this key to your authenticator app.
enrol-scan = Scan this with your authenticator app.
enrol-qr = QR code
enrol-cannot-scan = Cannot scan it? Type the key instead.
enrol-key = Key
enrol-account = Account
enrol-issuer = Issuer
enrol-code = Then enter the { $digits } digits it shows
enrol-submit = Turn it on
enrol-later = Not now
enrol-wrong = That code did not match. Check the clock of your phone and use the newest code.
enrol-cancel = Back to your account
enrol-other = Choose another way
enrol-choice-title = Set up a second factor
enrol-choice-lead = Besides your password, signing in then asks for something that only you have.
enrol-choose = Set up
enrol-weak = Weaker
enrol-totp-about = An app on your phone or computer shows a new code every half minute. It works without a network.
enrol-sms-about = A code comes to your phone. Whoever takes over your number gets it as well.
enrol-email-about = A code comes to your mailbox. Whoever can read your mail gets it as well.
enrol-sms-title = Set up codes by SMS
enrol-sms-number = Phone number
enrol-sms-hint = With its country, for example +49 151 23456789. We send a code there now.
enrol-sms-code-title = Confirm your phone number
enrol-email-title = Set up codes by e-mail
enrol-email-address = E-mail address
enrol-email-hint = We send a code there now.
enrol-email-code-title = Confirm your e-mail address
enrol-code-hint = 6 digits, sent to <b>{ $to }</b>. Only the newest code counts.
enrol-link-title = Set up your second factor
enrol-link-lead = This link is for <b>{ $username }</b>.
enrol-link-once = You sign in with your password first. The link works once, and nobody else can use it without that password.
enrol-link-go = Sign in to go on
factor-totp = Authenticator app
factor-sms = Codes by SMS
factor-email = Codes by e-mail

## Recovery codes
codes-title = Your recovery codes
codes-heading = Save your recovery codes
codes-lead = They let you in when you do not have your authenticator app. Each works once, and they are <b>shown only now</b>.
codes-replaced = Your older recovery codes no longer work.
codes-label = Recovery codes
codes-keep = For <b>{ $account }</b>. Keep them in a password manager, or print this page.
codes-keep-host = For <b>{ $account }</b> on { $host }. Keep them in a password manager, or print this page.
codes-submit = I have stored them
codes-download = Download as a file
codes-file = Recovery codes of { $account } on { $host }. Each works once.
codes-new-title = New recovery codes
codes-new-left = { $n ->
    [0] None of your recovery codes are left. A new set takes their place.
    [one] One recovery code is left. A new set takes its place.
   *[other] { $n } recovery codes are left. A new set takes their place, and the old ones stop working.
}
codes-new-lost = Recovery codes are shown only once. Make a new set, which takes the place of the one before.
codes-new-submit = Make new codes
codes-new-cancel = Keep the old ones

## Passkeys
passkey-or = or
passkey-sign-in = Sign in with a passkey
passkey-sign-in-wrong = That passkey did not work here. Try another one, or sign in with your password.
passkey-needs = This takes JavaScript and a browser that knows passkeys. If yours does not, choose another way.
passkey-cancelled = No passkey was used. Try again, or choose another way.
passkey-failed = Your browser could not do that. Try again, or choose another way.
passkey-known = This device has a passkey for your account already.
passkey-nothing-to-ask = No passkey can be used here now. Reload the page, or choose another way.
passkey-sign-in-again = Your sign-in is over. Sign in again.
passkey-confirm = Confirm with a passkey
mfa-use-passkey = Use a passkey
factor-passkey = Passkey
enrol-passkey-about = Your fingerprint, face or PIN, on this device, a phone or a security key. The safest way.
mfa-passkey-title = Passkey
mfa-passkey-heading = Use your passkey
mfa-passkey-hint = For <b>{ $username }</b>. Your device asks for your fingerprint, face or PIN.
mfa-passkey-submit = Use a passkey
mfa-passkey-wrong = That passkey did not work. Try again, or choose another way.
passkey-new-title = Add a passkey
passkey-new-lead = A passkey signs you in by fingerprint, face or PIN. Nobody can guess it, and no other site can ask for it.
passkey-new-name = Name
passkey-new-name-hint = To tell it from others, for example “Phone” or “Blue key”.
passkey-new-submit = Make a passkey
passkey-new-cancelled = No passkey was made. Try again when you are ready.
passkey-new-wrong = That did not work. Try again.
passkeys-title = Your passkeys
passkeys-lead = Each signs you in by fingerprint, face or PIN. Remove those whose device is not yours any more.
passkeys-none = You have no passkey yet.
passkeys-added = added { $when }
passkeys-used = last used { $when }
passkeys-unused = not used yet
passkeys-synced = Synced
passkeys-shut = Refused since { $when }: its counter went back, as if it had been copied. Remove it and add a new one.
passkeys-flagged = Its counter went back on { $when }: perhaps it was copied. If you do not know why, remove it and add a new one.
passkeys-rename = Rename
passkeys-new-name = New name
passkeys-save = Save
passkeys-remove = Remove
passkeys-add = Add a passkey
passkeys-done-new = Your passkey is ready.
passkeys-done-renamed = It has its new name.
passkeys-done-removed = The passkey was removed. You are signed out everywhere else.
passkey-remove-title = Remove a passkey
passkey-remove-lead = <b>{ $label }</b> will not sign you in any more.
passkey-remove-what = Your device may still show it until you delete it there, too. You will be signed out everywhere else.
passkey-remove-stay = Keep it
passkey-remove-submit = Remove

## Passwords
password-title = Change your password
password-heading-expired = Choose a new password
password-lead-expired = Your password has expired. Choose a new one to go on.
password-current = Current password
password-new = New password
password-submit = Change password
password-cancel = Keep the old one
password-wrong = The current password is not right. { $wait }
password-rule-length = { $min } to { $max } characters; spaces, accents and emoji count.
password-kind-upper = an upper-case letter
password-kind-lower = a lower-case letter
password-kind-digit = a digit
password-kind-symbol = a symbol or space
password-rule-kinds = With { $kinds }.
password-rule-strength = Hard to guess: a strength of at least { $score } of 4; four unrelated words do well.
password-rule-listed = No common word or leaked password, with or without digits and symbols around it.
password-rule-pattern = Not mostly keyboard rows, repeats, sequences or dates.
password-rule-own = Without your name, your e-mail address and the name of this site.
password-too-short = Use at least { $min } characters; a few unrelated words make a good password.
password-too-long = Use at most { $max } characters.
password-no-upper = Add an upper-case letter.
password-no-lower = Add a lower-case letter.
password-no-digit = Add a digit.
password-no-symbol = Add a symbol or a space, for example - or !.
password-too-weak = Too easy to guess: its strength is { $score } of 4, at least { $min } is asked for. { $hint }
password-listed = This is a common word or a leaked password, also without the digits and symbols around it; choose something that nobody else uses.
password-pattern = Most of it is { $what }; use something without a pattern.
password-pattern-walk = a row of keys as on the keyboard, like qwerty or 1qaz2wsx
password-pattern-repeat = a repetition, like aaaa or abcabc
password-pattern-sequence = a sequence, like abcdef or 9876
password-pattern-date = a date or a year, like 31.12.1999
password-own-words = Leave out your name, your e-mail address and the name of this site.
password-reused = { $n ->
    [one] Must not be the password you have now.
   *[other] Must not be one of your last { $n } passwords.
}
strength-0 = Very easy to guess
strength-1 = Easy to guess
strength-2 = Not hard enough to guess
strength-3 = Hard to guess
strength-4 = Very hard to guess
## A lost password
forgot-title = Forgot your password
forgot-lead = Give your user name or e-mail address. If there is an account, a link goes to its mailbox.
forgot-submit = Send the link
forgot-operator = This server sends no mail. Ask its operator for a link to a new password.
forgot-back = Back to sign-in
reset-asked-title = Look into your mailbox
reset-asked-lead = If there is an account of that name, a link to a new password is on its way. { $n ->
    [one] It works for 1 minute
   *[other] It works for { $n } minutes
}.
reset-asked-hint = Nothing arrives? Look among the spam, check the name, or ask the operator of this server.
reset-title = Choose a new password
reset-lead = For <b>{ $username }</b>. You are then signed out everywhere and sign in anew.
reset-submit = Set password

## First administrator
setup-title = First administrator
setup-heading = Create the first administrator
setup-lead = This link works once. You will sign in with what you choose here.
setup-username = User name
setup-email = E-mail
setup-name = Name
setup-optional = optional
setup-submit = Create administrator
setup-done-title = Set-up is done
setup-done-lead = This server has an administrator already. Ask them for an account, or sign in if you have one.
setup-ready-title = Your account is ready
setup-ready-lead = Sign in as <b>{ $username }</b> with the password you chose.
setup-sign-in = Sign in

## Invitation
invite-title = Accept your invitation
invite-heading = Welcome, { $name }
invite-lead = Choose a password to finish your account. Your user name is <b>{ $username }</b>.
invite-submit = Finish

## Consent
consent-title = Allow access for { $client }
consent-heading = { $client } asks for access
consent-again = You have allowed this before. On this device any program can say that it is { $client }, so you are asked each time.
consent-unverified = Not verified
consent-addressed = Known by its address
consent-approved = Allowed by an administrator
consent-registered = Registered itself
consent-registered-today = Registered itself today
consent-verified = Verified app
consent-built-in = Part of this server
consent-you = You are
consent-not-you = Not you?
consent-destination = The answer goes to
consent-to-host = <b>{ $host }</b>
consent-to-this-computer = <b>an app on this computer</b> ({ $host })
consent-to-app = <b>the app that opens { $scheme }: links</b> on this device
consent-resource = For use with
consent-scopes = It would be able to
consent-sensitive = Sensitive
consent-new = New
consent-caution-unverified = Nobody here has checked this app, and its name is its own choice. Allow it only if you know where the answer goes.
consent-caution-addressed = This app comes from <b>{ $host }</b>. Nobody here has checked it, and its name is its own choice. Allow it only if you trust that address.
consent-caution-local = Any program running on this computer could receive the answer. Allow this only if you have just started { $client } yourself.
consent-deny = Deny
consent-allow = Allow

device-title = Connect a device
device-lead = Enter the code that the device shows.
device-code = Code
device-hint = Eight letters, such as BCDF-GHJK. You are signed in as <b>{ $username }</b>.
device-caution = Enter a code only if you have just started this on a device of yours. Never enter one that somebody sent you.
device-submit = Continue
device-wrong = That code is not, or no longer, good. Check it, or start again on the device.
device-paused = Too many wrong codes. Codes are not looked at for a while.
device-ask-title = Let { $client } in on a device
device-ask-heading = { $client } on a device asks for access
device-ask-code = The device shows
device-ask-place = The device is at
device-ask-when = It asked on
device-ask-caution = Allow this only if you started it yourself, on a device of yours, and that device shows this code. If somebody sent you the code or a link, they would get access to your account.
device-allowed-title = The device is connected
device-allowed = <b>{ $client }</b> has access now. You can close this page and go back to the device.
device-denied-title = The device gets no access
device-denied = <b>{ $client }</b> was told that you said no. You can close this page.
device-apps = Apps with access to your account
device-gone = It was answered before, or it took longer than ten minutes.
device-gone-next = Start again on the device; it then shows a new code.
device-nothing-title = This device cannot be connected
device-nothing = Nothing of what this device asks for can be had by you.
device-nothing-next = Ask the administrator for a role that may use it, and tell them the reference.
scope-openid = Know who you are
scope-profile = See your name and roles
scope-email = See your e-mail address
scope-offline = Stay signed in while you are away
scope-other = Use the permission “{ $scope }”

## Account
account-title = Your account
account-nav = Your account
account-nav-profile = Profile
account-nav-security = Security
account-nav-sessions = Sessions
account-nav-apps = Apps
account-nav-keys = API keys
account-since = Account since
account-fixed = User name, e-mail address and roles are changed by the operator of this server.
account-name = Your name
account-name-hint = Apps that you let in may see it.
account-save = Save
account-password-set = Last changed { $when }
account-passkeys = Passkeys
account-passkeys-count = { $n ->
    [0] You have none yet. A passkey signs you in by fingerprint, face or PIN.
    [one] You have one passkey.
   *[other] You have { $n } passkeys.
}
account-passkeys-manage = Manage
account-passkey-flagged = One of them may have been copied: look at it.
account-second = Second factor
account-second-none = There is none yet. With one, your password alone opens nothing.
account-providers = Sign-in at other providers
account-providers-none = None is linked yet.
account-provider-link = Link
account-done-linked = The provider is linked. You can sign in with it from now on.
account-done-unlinked = The link was removed.
account-sms = SMS to { $to }
account-email = E-mail to { $to }
account-add = Add a second factor
account-remove = Remove
remove-title = Remove a second factor
remove-heading = Remove { $name }?
remove-lead = You cannot sign in with it any more, and you are signed out everywhere else.
remove-last = It is your only second factor: from then on your password alone lets in, and your recovery codes stop working. You are signed out everywhere else.
remove-keep = Keep it
account-devices = Browsers you have signed in with
account-devices-about = When somebody signs in with another one, you get a mail, if this server sends any.
device-used = last sign-in { $when }
device-trusted = Trusted until { $when }
device-forget = Forget
device-distrust = Trust none of them any more
session-end = Sign out
account-apps = Apps that may act for you
account-apps-none = You have let no app in.
app-since = since { $when }
app-used = last used { $when }
app-disconnect = Disconnect
account-keys = API keys
account-keys-about = For programs of yours that cannot sign in. Each can do what it was allowed, as long as you may.
account-keys-off = This server takes no API keys.
key-created = made { $when }
key-endless = never ends
key-of-agent = for the agent { $name }
key-used-from = last used { $when } from { $address }
key-over = Ended
key-due = Replace it by { $when }
key-overdue = To be replaced since { $when }
key-rotate = Replace
key-revoke = Revoke
key-new = Make a key
key-new-title = New API key
key-name = Name
key-name-hint = To know it by, for example the program that uses it.
key-scopes = What it may do
key-lifetime = How long it lives
key-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
key-forever = Until it is revoked
key-make = Make the key
key-cancel = Back to the keys
key-made-title = Your new API key
key-made-heading = Copy { $name } now
key-made-lead = This is the key. It is <b>shown only now</b>.
key-made-replaces = The key in whose place it comes works until { $when }.
key-made-label = API key
key-made-done = I have stored it
account-factors = How you sign in
account-codes = Recovery codes
account-codes-left = { $n } left
account-codes-few = { $n } left: make new ones before they run out
account-codes-new = Make new ones
account-sessions = Where you are signed in
account-this-session = This session
account-sign-out = Sign out
account-sign-out-others = Sign out everywhere else
account-password = Password
account-password-change = Change
account-factor-used = last used { $when }
account-factor-unused = not used yet
account-done-password = Your password was changed. You are signed out everywhere else, and every app has to be connected again.
account-done-factor = Your second factor is set up. You are signed out everywhere else.
account-done-name = Your name was changed.
account-done-removed = It was removed. You are signed out everywhere else.
account-done-ended = That session has ended.
account-done-forgotten = That browser was forgotten.
account-done-distrusted = No browser is trusted any more.
account-done-disconnected = The app was disconnected. It must ask again.
account-done-revoked = The key was revoked.
account-done-others = You are signed out everywhere else.
session-from = from { $address }
session-started = signed in { $when }
session-seen = last used { $when }
session-ends = ends { $when }
device-browser-on-system = { $browser } on { $system }
device-unknown = Unknown device

## Signing out
logout-title = Sign out
logout-heading = Sign out?
logout-client = <b>{ $client }</b> asks to end your session here.
logout-lead = You are signed in as <b>{ $username }</b>.
logout-stay = Stay signed in
logout-submit = Sign out
logout-unfit-title = This app cannot sign you out
logout-unfit-app = The app that sent you here did not show that it is an app of yours.
logout-unfit-redirect = The app that sent you here wants you back at an address that is not registered for it.
logout-unfit-next = You are still signed in, if you were. You can sign out here.
signed-out-title = Signed out
signed-out-heading = You are signed out
signed-out-lead = Your session on this device has ended.
signed-out-again = Sign in again

## On the way
bounce-title = One moment
bounce-lead = If nothing happens, go on by hand.
bounce-continue = Continue
form-post-title = Back to the app

## Errors
error-home = Go to the start page
error-reference = If you ask for help, give this reference:
error-not-found = Not found
error-not-found-what = What you asked for is not here, or not any more.
error-conflict = That cannot be done now
error-conflict-what = That does not go with how things stand.
error-invalid = That request cannot be right
error-invalid-what = Something in the request cannot be right.
error-denied = Not allowed
error-denied-what = You may not do that.
error-limited = Too many tries
error-limited-what = There were too many tries.
error-busy = Busy
error-busy-what = This server has too much to do at the moment.
error-internal = Something went wrong
error-internal-what = Something went wrong on this server. Nothing was changed.
error-next-back = Go back and try again.
error-next-denied = Sign in as someone who may, or ask the operator of this server.
error-next-wait = Wait a moment and try again.
error-next-internal = Try again. If it stays, give the reference below to the operator.
unsure-title = This app cannot sign you in
unsure-client = The app that sent you here is not, or no longer, registered with this server.
unsure-client-next = Remove the connection in the app and add it again, so that it registers anew. If that does not help, ask whoever runs this server to register the app.
unsure-off = The app that sent you here was switched off by an administrator of this server.
unsure-off-next = Ask whoever runs this server whether it may be used again.
unsure-redirect = The app that sent you here wants the answer at an address that is not registered for it.
unsure-redirect-next = Remove the connection in the app and add it again. If the app was set up by hand, its redirect URI must be registered here letter by letter.
unsure-request = What the app that sent you here wanted to ask is not, or no longer, known: it was used already, or a minute has passed.
unsure-request-next = Go back to the app and start again.
unsure-ambiguous = The app that sent you here contradicts itself about who it is.
unsure-ambiguous-next = Go back to the app and start again; if it happens again, report it to its maker.
held-what = The app that sent you here asked for something that it cannot have here: { $code }.
held-next = Nobody has verified this app, so you are not sent on without your doing. If you know { $place }, go back there: the app is told what is wrong. Whoever runs this server finds more under the reference below.
held-next-alone = Nobody has verified this app, so you are not sent on without your doing. If you know { $place }, go back to the app and tell its maker. Whoever runs this server finds more under the reference below.
held-back = Back to { $place }
waiting-title = This app waits for an administrator
waiting-what = The app { $client } ({ $place }) is new here. On this server an administrator agrees to each new app before anybody can use it.
waiting-next = Ask whoever runs this server to allow it: in the console under Clients, or with the command “mcpcodex client approve { $id }”. Then start again in the app.
document-off = The app names itself by a document of its own, and this server does not take such apps.
document-domain = The app names itself by a document on a site that is not among those this server takes apps from.
document-full = This server knows as many apps as it may, and this one is new.
document-taken = The name that the app gives itself belongs to an app that was registered here by other means.
document-url = The app names itself by the URL of a document, and that URL { $detail }.
document-inner = The app names itself by a document that is not on the public internet.
document-unknown = The app names itself by a document at a host that does not exist.
document-connection = The document by which the app names itself cannot be fetched, because no trustworthy connection to its host came about: { $detail }.
document-slow = The document by which the app names itself did not come within { $detail } seconds.
document-redirect = Where the document by which the app names itself should be, there is a redirect ({ $detail }). Redirects are not followed.
document-status = Where the document by which the app names itself should be, its host answers { $detail } instead of 200.
document-large = The document by which the app names itself has more than { $detail } bytes.
document-encoded = The document by which the app names itself comes compressed, which was not asked for.
document-type = The document by which the app names itself does not come as application/json.
document-broken = The connection broke before all of the document was there by which the app names itself.
document-busy = The document by which the app names itself cannot be fetched at the moment.
document-object = The document by which the app names itself is not a JSON object.
document-id = In the document by which the app names itself, client_id is not, letter by letter, the URL of the document.
document-missing = In the document by which the app names itself, { $member } is missing.
document-member = In the document by which the app names itself, { $member } must be { $wanted }.
document-redirect-uri = In the document by which the app names itself, redirect_uris has one that cannot be registered: each must be https, or http on this computer, or of a scheme of the app's own, and have no wildcard and no fragment.
document-secret = In the document by which the app names itself stands a client secret, or a way of using one. Everyone can read that document.
document-method = In the document by which the app names itself, token_endpoint_auth_method is neither none nor private_key_jwt.
document-keys = In the document by which the app names itself, the keys cannot be used: { $detail }.
document-next-maker = If you make this app, correct the document and try again in a minute. If you use it, tell its maker, or ask whoever runs this server to register the app.
document-next-operator = Ask whoever runs this server to register the app, or to take it by its document.
document-next-later = Try again in a minute. If that does not help, ask whoever runs this server.
document-next-again = This server seems to reach nothing outside, so it tells apps from now on to register with it instead. Start again in the app, in five minutes if it does not help at once. If you run this server: let it reach the hosts of apps, or set authentication.clients.metadata_documents to off.
document-next-shut-in = This server seems to reach nothing outside. Ask whoever runs it to register the app. If you run it: let it reach the hosts of apps, or set authentication.clients.metadata_documents to off.
gone-title = This request is over
gone-what = It was answered before, it took longer than 30 minutes, or it began in another browser.
gone-next = Go back to the app and start again there.

## Sentences of the core, as the core says them (beginning with a capital and ending with a full stop), one line each
core-question-not-shown = This question was not shown in this session.
core-totp-off = TOTP is switched off in the configuration.
core-totp-off-next = Set authentication.mfa.providers.totp.enabled: true.
core-enrolment-none = No authenticator waits to be confirmed.
core-enrolment-again = Start the enrolment again.
core-enrolment-not-waiting = This authenticator does not wait to be confirmed.
core-enrolment-done = This authenticator was confirmed already.
core-username-taken = The user name "{ $name }" is taken.
core-username-like = The user name "{ $name }" looks like "{ $other }", which is taken.
core-email-taken = The e-mail address { $email } is taken.
core-account-changed = The account was changed by someone else just now.
core-account-has-password = This account has a password already.
core-password-changed = The password was changed in the meantime.
core-password-bytes = The password is longer than { $bytes } bytes.
core-factor-not-offered = That second factor is not offered.
core-factor-which = That second factor is not offered; there are totp and recovery.
core-factor-not-here = That second factor cannot be used here.
core-phone = This is no phone number with a country in front.
core-phone-country = No messages go to numbers of this country.
core-contact-none = No number or address waits to be confirmed.
core-contact-done = This was confirmed already.
core-factor-gone = There is no such second factor, or not any more.
core-key-scope = Name at least one scope of: { $scopes }.
core-key-over = The API key "{ $name }" is revoked already.
core-keys-off = API keys are switched off.
core-key-lifetime = Choose how long the key is to live.
core-codes-need-factor = Recovery codes need a second factor to recover.
core-session-ended = Your session has ended.
core-sign-in-again = Sign in again at /login.
core-nobody = Nobody is signed in here.
core-link-gone = This link is not valid any more.
core-link-gone-next = Links work once and for a limited time: ask the operator for a new one.
core-set-up-already = This server is set up already.
core-sign-in = Sign in at /login.
core-operator-only = Only the operator of this server may do that.
core-device-forgotten = This browser was forgotten already.
core-enrol-by-link = The second factor of this account was reset: a new one needs the link that came of it.
core-enrol-by-link-next = Open the link that your administrator gave you, or ask for a new one.
core-totp-removed = This authenticator app was removed already.
core-passkeys-off = Passkeys are switched off in the configuration.
core-passkeys-off-next = Set authentication.mfa.providers.webauthn.enabled: true.
core-passkeys-many = Nobody may have more than { $max } passkeys.
core-passkeys-many-next = Remove one that is not used any more.
core-passkey-removed = This passkey was removed already.
core-name-60 = Use at most 60 characters.
core-last-factor = Your role needs a second factor, and this is the only one.
core-last-factor-next = Add another one first.
core-app-holds-nothing = This app holds nothing of yours any more.
core-provider-off = Nobody signs in at that provider here.
core-provider-off-next = Sign in another way.
core-provider-state = This sign-in did not begin in this browser, was finished before, or took too long.
core-provider-state-next = Start again at the sign-in page, in one window; cookies must be allowed.
core-provider-mixed = The answer came from another provider than the one asked.
core-provider-again-next = Start again at the sign-in page.
core-provider-cancelled = The sign-in was cancelled at the provider.
core-provider-said = The provider refused the sign-in.
core-provider-retry-next = Try again; if it goes on, tell the operator the reference below.
core-provider-reach = The provider cannot be reached, or its answer cannot be used.
core-provider-token = What the provider said about you cannot be believed.
core-provider-unknown = No account here is linked with yours at the provider.
core-provider-unknown-next = Sign in to your account as before and link it on the account page, or ask the operator.
core-provider-email-taken = An account with your e-mail address exists here, and is not linked with the provider.
core-provider-no-email = The provider told no e-mail address, so no account can be made.
core-provider-unverified = The provider does not say that your e-mail address was verified.
core-provider-no-email-next = Confirm the address at the provider, or ask the operator for an account.
core-provider-taken = Your identity at the provider is linked with another account here.
core-provider-taken-next = Sign in with it, or remove the link there first.
core-provider-over = The sign-in from which the link was asked for has ended.
core-provider-over-next = Sign in and link it again.
core-provider-redirect = This redirect URI is not registered.
core-provider-redirect-next = Leave it out, or register it: mcpcodex client edit CLIENT --redirect-uri URI.
core-provider-last = Without this link you could not sign in any more.
core-provider-last-next = Link another identity first.
core-provider-not-linked = That identity is not linked with this account.
core-provider-not-linked-next = mcpcodex user links NAME.
core-account-shut = This account cannot be signed in to now.
core-account-shut-next = Ask the operator to unlock it.
core-confirm-first = This needs a sign-in of the last five minutes.
core-confirm-first-next = Confirm that it is you at /login/confirm, then try again.
core-busy-sign-ins = Too many sign-ins at once.
core-busy-reading = The database is busy: too many are reading at once.
core-busy-writing = The database is busy: too many changes wait to be saved.
core-disk-full-next = Free some space on the disk that holds the data folder, then try again.
core-try-again = Try again.
core-form-too-large = The form was too large or cut off.
core-return-unknown = No app at that address is known here.
core-return-unknown-next = Register it with mcpcodex resource add URI, or name it in server.forward_auth.origins.
core-cookie-plain = The session cookie is not sent to { $host } without HTTPS.
core-cookie-plain-next = Serve that app over HTTPS.
core-cookie-elsewhere = The session cookie is not sent to { $host }.
core-cookie-elsewhere-next = Set authentication.session.security.domain to a domain that this server and that host are both in.
core-form-twice = The field "{ $field }" came twice.
core-form-foreign = This form did not come from a page of this server, or the page was too old.
core-form-foreign-next = Go back, reload the page and try again; cookies must be allowed.
core-sign-in-over = This sign-in is not in progress any more.
core-decision = The decision must be allow or deny.
core-authorize-form = An authorization request by POST must be a form.
core-no-page = There is no page at this address.
core-name-64 = Use at most 64 characters.
core-name-invisible = Leave out line breaks and invisible characters; letters, digits and . _ - are welcome.
core-name-small = Write it in small letters: in capitals it looks like another name.
core-name-empty = Give a name of 1 to 64 characters.
core-name-at = Leave out the @; the e-mail address has a field of its own.
core-name-spaces = Leave out the spaces; . _ and - may join words.
core-name-letters = Use letters, digits and . _ - only.
core-name-leave-out = Leave out { $char }; letters, digits and . _ - are welcome.
core-name-ends = Begin and end with a letter or digit.
core-name-accents = Put fewer accents on one letter.
core-name-script = Use the letters of one script; letters of several look like another name.
core-display-200 = Use at most 200 characters.
core-display-empty = Give a name of 1 to 200 characters.
core-invisible = Leave out line breaks and invisible characters.
core-email-254 = Use at most 254 characters.
core-email-form = Write it as name@example.com.
core-email-at = Write one @ only, as in name@example.com.
core-email-local = Before the @ use up to 64 of a-z, digits and . _ + -, with no dot first, last or doubled.
core-email-domain = After the @ give a domain such as example.com, or localhost.

## What zxcvbn says about passwords, as it says it, one line each
hint-rows = Straight rows of keys are easy to guess.
hint-short-walks = Short keyboard patterns are easy to guess.
hint-repeats = Repeats like "aaa" are easy to guess.
hint-repeated-words = Repeats like "abcabcabc" are only slightly harder to guess than "abc".
hint-top-10 = This is a top-10 common password.
hint-top-100 = This is a top-100 common password.
hint-common = This is a very common password.
hint-similar = This is similar to a commonly used password.
hint-sequences = Sequences like abc or 6543 are easy to guess.
hint-years = Recent years are easy to guess.
hint-word = A word by itself is easy to guess.
hint-dates = Dates are often easy to guess.
hint-names = Names and surnames by themselves are easy to guess.
hint-common-names = Common names and surnames are easy to guess.
hint-few-words = Use a few words, avoid common phrases.
hint-another-word = Add another word or two. Uncommon words are better.
hint-capitals = Capitalization doesn't help very much.
hint-all-capitals = All-uppercase is almost as easy to guess as all-lowercase.
hint-reversed = Reversed words aren't much harder to guess.
hint-substitutions = Predictable substitutions like '@' instead of 'a' don't help very much.
hint-longer-walk = Use a longer keyboard pattern with more turns.
hint-avoid-repeats = Avoid repeated words and characters.
hint-avoid-sequences = Avoid sequences.
hint-avoid-years = Avoid recent years.
hint-avoid-own-years = Avoid years that are associated with you.
hint-avoid-own-dates = Avoid dates and years that are associated with you.
