### The doctor: what both programs find. A sentence is a clause without a full stop; what it lacks stands in “-advice”.

doctor-check = check
doctor-state = state
doctor-found = found
doctor-state-ok = ok
doctor-state-warn = warning
doctor-state-fail = WRONG

doctor-folder-ok = folder and secrets can be read by this user alone
doctor-folder-open = { $path } can be read by other users (mode { $mode })
doctor-folder-open-advice = run “chmod go-rwx { $path }”
doctor-folder-foreign = { $path } belongs to another user
doctor-folder-foreign-advice = run the command as the user that “serve” runs as, or give the folder to that user with “chown -R”
doctor-disk-ok = { $free } are free
doctor-disk-low = only { $free } are free; below { $least } jobs stop
doctor-disk-low-advice = free space on this disk, or move the folder to a larger one
doctor-files-ok = the disk can hold more files
doctor-files-low = only { $free } more files can be made on this disk
doctor-files-low-advice = remove files from this disk, or move the folder to another one
doctor-descriptors-ok = enough files may be open at once
doctor-descriptors-low = only { $limit } files may be open at once, { $least } are needed
doctor-descriptors-low-advice = set LimitNOFILE=65536 in the unit, or “ulimit -n 65536” before the start
doctor-config-ok = the configuration is in order
doctor-config-remote = probes and numbers are served at { $address }, which other machines reach without a password
doctor-config-remote-advice = let only the monitoring in by a firewall, or set http.listen to 127.0.0.1
doctor-config-debug = the log writes every detail
doctor-config-debug-advice = set level = "info" under [log] once the search is over
doctor-engine-ok = elements are multiplied by the engine { $engine }
doctor-store-ok = the store is sound
doctor-store-damaged = the store is damaged ({ $detail })
doctor-store-damaged-advice = stop the program, keep the file, and restore the last backup
doctor-audit-ok = the audit log is whole, { $entries } entries
doctor-backup-ok = the last backup was begun { $days } days ago
doctor-backup-young = there is no backup yet
doctor-backup-old = the last backup was begun { $days } days ago
doctor-backup-old-advice = run “backup” into an empty folder, and have a timer do so every day
doctor-backup-none = there is no backup, for { $days } days now
doctor-backup-none-advice = run “backup” into an empty folder, and have a timer do so every day
doctor-certificate-ok = the own certificate lasts { $days } more days
doctor-certificate-soon = the own certificate ends in { $days } days
doctor-certificate-soon-advice = renew it now, see “certificates” in the operator's book
doctor-certificate-over = the own certificate has ended
doctor-certificate-over-advice = renew it now, see “certificates” in the operator's book; until then nobody can connect
doctor-authority-ok = the authority's certificate lasts { $days } more days
doctor-authority-soon = the authority's certificate ends in { $days } days
doctor-authority-soon-advice = renew it now, see “certificates” in the operator's book
doctor-authority-over = the authority's certificate has ended
doctor-authority-over-advice = renew it now, see “certificates” in the operator's book; until then nobody can connect
doctor-port-ok = it answers at { $address }
doctor-port-idle = nothing listens at { $address }: it does not serve now
doctor-port-idle-advice = start “serve”
doctor-port-taken = { $address } cannot be listened at ({ $detail })
doctor-port-taken-advice = end the other program that listens there, or change “listen” in config.toml
doctor-port-other = at { $address } somebody else answers ({ $detail })
doctor-port-other-advice = end the other program that listens there, or change “listen” in config.toml

## The node's own

doctor-import-cut-off = what was read by an import that was cut off has lain here for { $hours } hours
doctor-import-cut-off-advice = import the same file again: what was read of it today is taken up; any import that ends removes it
doctor-watch-ok = the watched folder { $path } is in order
doctor-watch-late = { $count } files have lain in the watched folder { $path } for more than an hour
doctor-watch-late-advice = start “serve” if it does not run; else look for “watch.stopped” in its log, and check that its user may read the files and write into the folder
doctor-watch-failed = { $count } files of the watched folder { $path } could not be imported
doctor-watch-failed-advice = read the .json file beside each in “failed”, put in a corrected file, and take away what has been dealt with
doctor-watch-unfit = { $count } entries of the watched folder { $path } are never looked at: folders, links, too long names
doctor-watch-unfit-advice = take them away, or put in plain files with shorter names
doctor-membership-ok = it has joined as { $bank }
doctor-coordinator-ok = the coordinator answers
doctor-roster-ok = the roster in force is the coordinator's, version { $version }
doctor-roster-behind = this node has version { $own } of the roster, the coordinator has { $version }
doctor-roster-behind-advice = start “serve”, which fetches it; if it runs, look for “roster.refused” in its log
doctor-roster-ahead = this node has version { $own } of the roster, the coordinator has only { $version }: it was restored from an old backup
doctor-roster-ahead-advice = ask the regulator to restore the newest backup; this node takes no older roster
doctor-roster-differs = { $party } has another roster of the same version { $version }
doctor-roster-differs-advice = stop taking part, and compare the digest with the regulator and other banks by telephone
doctor-clock-ok = the clock agrees with { $party }
doctor-clock-off = the clock is { $seconds } s away from that of { $party }
doctor-clock-off-advice = set up time synchronisation (chrony or NTP) on the machine whose clock is wrong
doctor-address-ok = the coordinator reaches this node at { $address }
doctor-address-untried = the coordinator has not tried to reach this node again so soon
doctor-address-untried-advice = run the command again in a few seconds
doctor-address-unreachable = the coordinator cannot reach this node at { $address } ({ $why })
doctor-address-unreachable-advice = open this port in the firewall between them, and check that the address leads to this machine
doctor-address-incompatible = what answers at { $address } does not speak TLS 1.3 with X25519MLKEM768 ({ $why })
doctor-address-incompatible-advice = take proxies and TLS inspection out of the way between the two, and check that both run a current version
doctor-address-refused = at { $address } the coordinator meets a certificate that is not this node's ({ $why })
doctor-address-refused-advice = check that the address leads to this machine and to this folder's node; after a new certificate, have the regulator confirm it
doctor-address-differs = config.toml advertises { $own }, the roster says { $address }
doctor-address-differs-advice = have the regulator enter the new address, or set “advertise” back
doctor-holder-ok = the key holder { $party } answers, { $left } elements are left
doctor-quota-low = the key holder { $party } will evaluate only { $left } elements more in this epoch
doctor-quota-low-advice = ask that bank for an allowance, or wait for the next epoch
doctor-share-none = this node holds no share of a key
doctor-share-ok = the shares of { $count } keys open
doctor-share-missing = the share of { $class } in epoch { $epoch } is not here, and this node is one of its holders
doctor-share-missing-advice = restore it with “key restore”, or ask the regulator for a repair ceremony
doctor-key-uncompared = the key record of { $class } in epoch { $epoch } has not been compared
doctor-key-uncompared-advice = compare its digits with the other holders and run “key compare”
doctor-key-ok = all key records have been compared
doctor-jobs-ok = no job is held up
doctor-jobs-stuck = { $count } jobs are held up, the oldest is { $job } ({ $detail })
doctor-jobs-stuck-advice = run “job show { $job }” for what stops it
doctor-jobs-ask = { $count } jobs wait for a decision, the oldest is { $job }
doctor-jobs-ask-advice = run “job accept { $job }” or “job refuse { $job }”

## The coordinator's own

doctor-shared-files-ok = all who work over this database keep submissions and reports in { $path }
doctor-shared-files-elsewhere = another coordinator over this database keeps submissions and reports in another folder than { $path }
doctor-shared-files-elsewhere-advice = mount one folder on all their machines, and name it as “files” under [store] in each config.toml
doctor-members-ok = all { $count } members are reached
doctor-member-unreachable = { $party } is not reached at { $address } ({ $why })
doctor-member-unreachable-advice = ask that bank to run “lianfang-node doctor”
doctor-advertise-ok = banks are told { $address }
doctor-advertise-unknown = nobody can know which address banks are to dial
doctor-advertise-unknown-advice = set “advertise” in config.toml to a host name and port that banks reach
