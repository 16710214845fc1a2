### Fault codes. Each has its sentence and its advice: clauses without a full stop, see `problem` in shell.ftl.

## Who speaks to whom

unauthenticated = the other side showed no certificate that can be accepted
unauthenticated-advice = enrol this node, or check that the connection is not intercepted
certificate-expired = the certificate has expired
certificate-expired-advice = renew it, then start the program again
certificate-early = the certificate is not valid yet by the clock of this machine
certificate-early-advice = set the clock of this machine and set up time synchronisation (chrony or NTP); if it is right, the clock over there is ahead
certificate-unknown = the certificate is not one that the roster names
certificate-unknown-advice = compare its fingerprint with the regulator's and let it be admitted
wrong-party = the certificate names { $got } where { $wanted } was expected
wrong-party-advice = check the address in the configuration and who answers there
signature-invalid = a signature does not belong to what it came with
signature-invalid-advice = do not use what was received, and inform the regulator
unreachable = it cannot be reached
unreachable-advice = check the address, the network and whether it runs, then try again
timed-out = no answer came in time
timed-out-advice = try again; if it persists, check the network and the load there
busy = it is busy with as much as it takes at once
busy-advice = try again in a while

## What is allowed

not-admitted = this party has not been admitted to it
not-admitted-advice = ask the regulator, or the holder's bank, to admit it
roster-stale = the coordinator has not confirmed the roster for too long, so nobody is answered
roster-stale-advice = check the connection to the coordinator there; answers come again once it is reached
member-suspended = this bank is suspended until further notice
member-suspended-advice = ask the regulator why, and to let it take part again
member-revoked = this bank's membership has ended for good
member-revoked-advice = ask the regulator for a new invite, and enrol a new folder with new keys
quota-exceeded = the quota of { $wanted } evaluations in this epoch would be exceeded
quota-exceeded-advice = wait for the next epoch, or ask for a higher quota
size-cap-exceeded = { $got } identifiers are more than the cap of { $wanted }
size-cap-exceeded-advice = select fewer records, or agree on a higher cap
not-participant = this party does not take part in the job
not-participant-advice = ask the regulator to include it in the next job
consent-refused = consent to the job was refused
consent-refused-advice = clear up the reason with whoever refused before a new job is set
submission-lost = the files of this bank's submission are not in its folder: it was prepared in another one, or before the folder was restored
submission-lost-advice = start the process again that prepared it, if it is still there; else the job goes on without this bank, and the next one with it
consent-pending = not all have consented to the job yet
consent-pending-advice = wait, or remind those whose consent is missing
invite-unknown = there is no such invite
invite-unknown-advice = check that the whole text was copied, or ask the regulator for a new one
invite-expired = the invite has expired
invite-expired-advice = ask the regulator for a new one
invite-used = the invite has been used already
invite-used-advice = if it was not used by you, inform the regulator at once; else ask for a new one
fingerprint-differs = the fingerprint { $got } is not the expected { $wanted }
fingerprint-differs-advice = stop, and compare both by telephone with the other side

## What all must agree on

terms-differ = the terms of the job differ ({ $field }: { $wanted } here, { $got } there)
terms-differ-advice = compare the terms with the regulator before any data flows
roster-older = the other side has an older roster ({ $got }, needed is { $wanted })
roster-older-advice = try again once it has fetched the present roster
roster-differs = two different rosters carry the same version { $got }
roster-differs-advice = stop, and inform the regulator and the other banks
epoch-unknown = the key epoch { $got } is not known here
epoch-unknown-advice = fetch the present roster and key record, then try again
epoch-closed = the key epoch { $got } is closed there; its share and outputs are erased
epoch-closed-advice = use the present epoch; a closed one never comes back
ledger-behind = the key holder's charge numbers went back: it was restored from a backup and has forgotten charges
ledger-behind-advice = let its people declare the ledger lost (“key lost”), or accept it with “key trust”
generation-changed = the key shares were refreshed in between
generation-changed-advice = run the step again with the new generation
key-not-compared = the key's fingerprint has not been compared by a person yet
key-not-compared-advice = compare it with the other banks, then confirm it with “key compare”
key-not-agreed = not all holders have confirmed the key yet
key-not-agreed-advice = wait, or remind the holders that are missing

## Messages

message-too-large = a message of { $got } bytes is larger than the limit of { $wanted }
message-too-large-advice = check that both sides run the same version
message-out-of-order = a message came out of order (expected { $wanted }, came { $got })
message-out-of-order-advice = resume the transfer from the expected place
message-repeated = the message was received before
message-repeated-advice = nothing need be done unless it persists
message-truncated = a message ended too early
message-truncated-advice = try again; if it persists, check the network between the two
malformed-field = the field { $field } is malformed
malformed-field-advice = check that both sides run the same version
not-canonical = the field { $field } is not in its canonical form
not-canonical-advice = check that both sides run the same version; a correct program never sends this
identity-element = the field { $field } holds the identity element
identity-element-advice = do not go on with this party before the cause is found
digest-differs = the digest of { $field } does not fit what was received
digest-differs-advice = try again; if it persists, inform the other side

## Key holders

holder-lied = the key holder's answer was proven wrong
holder-lied-advice = its answers are not used; inform the regulator and hand over the audit record
holder-unchecked = the key holder's answer could not be checked
holder-unchecked-advice = try again, or let another holder answer
holders-missing = only { $got } of the { $wanted } key holders needed can be reached
holders-missing-advice = try again once more of them run
ceremony-failed-missing = the key ceremony failed because a holder did not take part in time
ceremony-failed-missing-advice = make sure that all holders run, then start the ceremony again
ceremony-failed-lied = the key ceremony failed because a holder's contribution was proven wrong
ceremony-failed-lied-advice = clear it up with that holder before a new ceremony
ceremony-unknown = there is no such key ceremony
ceremony-unknown-advice = list the ceremonies and check the name

## Jobs

job-unknown = there is no such job
job-unknown-advice = list the jobs and check its name
job-closed = the job is closed
job-closed-advice = take part in the next one
job-nothing-failed = nothing in this job has failed; it is { $stage }
job-nothing-failed-advice = see job show for how far it is
job-worked-on = somebody works on this job
job-worked-on-advice = run it again in a minute
job-not-ready = the job has not come to this step yet
job-not-ready-advice = try again in a while
job-deadline-passed = the job's deadline has passed
job-deadline-passed-advice = take part in the next one, or ask the regulator for a later deadline
submission-conflict = another submission of this bank for the job is there already
submission-conflict-advice = leave it as it is; a submission is not replaced
submission-files-gone = the job was given up, because files that banks had submitted are not at the coordinator any more: it was restored from a backup, or they were lost
submission-files-gone-advice = start the job again; nothing of it was disclosed
root-differs = the rows received do not fit the signed root of { $field }
root-differs-advice = do not use the report, and inform the regulator
label-does-not-open = a label that came with a match cannot be opened
label-does-not-open-advice = inform the bank that sent it; the match itself stands

## This machine

disk-full = there is no space left on { $place ->
    [server] the disk of the database server
    [store] the disk that holds the store
   *[other] the disk for { $path }
}
disk-full-advice = free some space, then run the command again
disk-read-only = { $place ->
    [server] the database server takes no writes
    [store] the store is read-only
   *[other] the disk of { $path } is read-only
}
disk-read-only-advice = make it writable, then run the command again
wrong-passphrase = the passphrase or key file does not open the secrets in { $path }
wrong-passphrase-advice = check which one is configured
directory-busy = the folder { $path } is in use by process { $pid }
directory-busy-advice = wait until it ends, or stop it
config-invalid = { $path } cannot be used: { $field }: { $detail }
config-invalid-advice = correct it, then start again
config-value = { $path } cannot be used: { $field } must be { $wanted }
config-value-advice = correct it, then start again
config-unknown-field = { $path } has the field { $field }, which does not exist
config-unknown-field-advice = correct its spelling or delete it
audit-broken = the audit log does not hold together at entry { $got }
audit-broken-advice = keep the folder as it is and inform whoever is in charge of audits
store-newer = { $place ->
    [server] the schema on the server
    [store] the store
    [file] the file { $path }
   *[other] the store in { $path }
} was written by a newer version
store-newer-advice = use that version, or a newer one
store-foreign = step { $step } of { $place ->
    [server] the schema on the server
    [store] the store
    [file] the file { $path }
   *[other] the store in { $path }
} is not the one of this program: another program made it, or it was changed from outside
store-foreign-advice = use the program that made it, and check that it is this party's own
store-busy = another process of this party, or long work in this one, holds the store
store-busy-advice = run the command again when that has ended; if it does not end, look for a process of this party that hangs
wrong-keys = the keys in this folder are not those that { $place ->
    [server] the schema on the server
    [store] the store
    [file] the file { $path }
   *[other] the store in { $path }
} was made with
wrong-keys-advice = give the folder that belongs to it, or this party's own store
store-unreachable = the database server does not answer, or has ended the connection
store-unreachable-advice = check that it runs and can be reached from here, then run the command again
store-address = the address of the database server cannot be read
store-address-advice = write it as postgres://user@host/database into the file that the configuration names
store-refused = { $detail }
store-refused-advice = put that right at the server, or in the file with its address, then run the command again
store-without-servers = this program was built without PostgreSQL
store-without-servers-advice = install the build that has it, or leave the store in its file
store-corrupt = { $place ->
    [server] the schema on the server
    [store] the store
    [file] the file { $path }
   *[other] the store in { $path }
} is damaged ({ $detail })
store-corrupt-advice = restore it from the last backup
store-failed = { $place ->
    [server] the database server could not do what was asked
    [file] the file { $path } cannot be used
   *[store] the store could not do what was asked
} ({ $detail })
store-failed-advice = { $place ->
    [server] nothing is known to be lost: look at the log of the database server, put right what it says, then run the command again
   *[other] nothing is known to be lost: look at the store's folder and its disk, or at the log of its server, then run the command again
}
internal = something went wrong inside the program ({ $detail })
internal-advice = report it to those who maintain the program, with the time and this text

## Registers

register-unreadable = { $path } cannot be read as a register ({ $detail })
register-unreadable-advice = export it again as CSV with one header line
register-no-record-column = { $offset ->
    [0] { $path } has no column for the record number; its headers are { $got }
   *[other] the first line of { $path } ({ $offset } cells) names no column for the record number, and may be data
}
register-no-record-column-advice = name one column “record” or “编号”, or use --map
register-header-too-low = none of the first { $offset } rows of a sheet of { $path } is a header
register-header-too-low-advice = delete the rows above the header, until it is among the first { $offset } that are not blank
register-other-sheets = other sheets of { $path } hold registers too ({ $got }), and --full would retract their records
register-other-sheets-advice = name the one that is the whole register with --sheet, or put them into one
register-not-a-file = { $path } is no file on a disk; a pipe cannot be read
register-not-a-file-advice = save it to a file, and import that
register-compression = { $path } is compressed with { $got }, which is not read
register-compression-advice = write it without compression, or with snappy, zstd, gzip or lz4-raw
header-map-unreadable = { $path } cannot be read as a map of headers
header-map-unreadable-advice = each line is "their header" = "our column"
header-map-target = the map { $path } names the column { $field }, which does not exist
header-map-target-advice = use a column of the manual, or "ignore"
file-not-utf-8 = { $path } is not UTF-8
file-not-utf-8-advice = save it as UTF-8
register-no-identifier-column = { $offset ->
    [0] { $path } has no column with identifiers; its headers are { $got }
   *[other] the first line of { $path } ({ $offset } cells) names no column with identifiers, and may be data
}
register-no-identifier-column-advice = name at least one column as the manual lists them, or use --map
register-header-twice = { $path } has the column { $field } twice
register-header-twice-advice = rename or delete one of the two
encoding-undecodable = the text of { $path } is not valid { $got } at byte { $offset }
encoding-undecodable-advice = save it again as UTF-8 or GB18030, or name its encoding with --encoding
register-damaged = { $path } is damaged, or is not in the format it seems to be in
register-damaged-advice = export it again, as CSV if that does not help
register-not-of-format = { $path } is no { $got } file, as --format says
register-not-of-format-advice = leave --format out: the format is found from the content
register-not-built = this program was built without { $got }
register-not-built-advice = use a build that has it, or export the register as CSV
register-too-large = { $path } is over a limit: { $got } ({ $offset } are read)
register-too-large-advice = export it as CSV, which has no such limit, or in parts
register-no-such-sheet = the workbook { $path } has no sheet of that name; it has { $got }
register-no-such-sheet-advice = name one of them with --sheet
register-column-type = the column { $field } of { $path } is of a type that is not read ({ $got })
register-column-type-advice = export or select it as text, several values with ; between
register-old-workbook = { $path } is a workbook of Excel 97 to 2003
register-old-workbook-advice = open it and save it as .xlsx or CSV
register-encrypted = { $path } is encrypted or under a password
register-encrypted-advice = save it without a password, and keep it where only this node can read it
register-macros = { $path } is a workbook with macros
register-macros-advice = save it as .xlsx, which has none
register-binary-workbook = { $path } is a binary workbook (.xlsb)
register-binary-workbook-advice = save it as .xlsx or CSV
register-open-document = { $path } is an OpenDocument spreadsheet
register-open-document-advice = save it as .xlsx or CSV
register-compressed = { $path } is an archive or compressed
register-compressed-advice = unpack it first
source-unknown = config.toml has no [source.{ $got }]
source-unknown-advice = name one that is there, or add it
source-address = the address of { $path } is not one of a PostgreSQL or MySQL server
source-address-advice = write it as postgres://user@host/database or mysql://user@host/database
source-password-in-address = the address of { $path } holds a password
source-password-in-address-advice = put the password into a file that only this node can read, and name it with --password-file
source-not-built = the server of { $path } cannot be asked ({ $detail })
source-not-built-advice = use a build that has this kind of server, or export the register as CSV
source-unreachable = the server of { $path } cannot be reached, or broke off
source-unreachable-advice = check its address and the network between, then run the import again
source-certificate = the server of { $path } shows no certificate that its address trusts
source-certificate-advice = name the authority's certificate in the address (PostgreSQL: sslrootcert=PATH, MySQL: ssl-ca=PATH), and the host as the server's certificate has it; if the server has no TLS, switch it on there
source-refused = the server of { $path } refuses the user, the password or what the query reads (code { $got })
source-refused-advice = check the user, the password file and the user's rights
source-query = the server of { $path } does not understand the query (code { $got })
source-query-advice = try it in the server's own client; it must be one SELECT
source-no-rows = the query of { $path } gives no rows
source-no-rows-advice = it must be one SELECT
source-data = a value that the query of { $path } reads is not of its type or out of its range (code { $got })
source-data-advice = correct the value in its table, or the cast in the query
source-writes = the query of { $path } would change something
source-writes-advice = it may only read
source-timed-out = the query of { $path } took longer than its timeout
source-timed-out-advice = give it more time with --timeout, or ask for less
source-failed = the server of { $path } ended the query (code { $got })
source-failed-advice = look into the server's log
