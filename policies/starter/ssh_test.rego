package sluice.rules.ssh_test

import data.sluice.rules.ssh

_asked(groups, action) := {
	"subject": {"type": "service", "groups": groups},
	"grants": [],
	"action": action,
}

_person(groups, action) := object.union(_asked(groups, action), {"subject": {"type": "human"}})

_program(name, flags) := {
	"name": name, "arguments": [], "flags": flags, "via": [], "effect": "read", "stdin": "client",
}

_exec(programs) := {
	"name": "ssh.exec", "read_only": true, "programs": programs, "paths": [], "opaque": [],
	"detached": false, "transfer": null,
}

_path(path) := {"path": path, "access": "read", "pattern": false}

_with(program, more) := object.union(program, more)

_rules(set) := {reason.rule | some reason in set}

_allowed(asked) := rules if {
	rules := _rules(ssh.allow) with input as asked
}

_held(asked) := rules if {
	rules := _rules(ssh.hold) with input as asked
}

_denied(asked) := rules if {
	rules := _rules(ssh.deny) with input as asked
}

test_readers_run_what_reads if {
	_allowed(_asked(["langchain"], _exec([_program("ls", ["l"])]))) == {"hosts/read"}
	_allowed(_asked(["langchain"], _exec([_program("cat", []), _program("wc", [])]))) == {"hosts/read"}
	_allowed(_asked(["strangers"], _exec([_program("ls", ["l"])]))) == set()
}

test_what_is_not_on_the_list_is_not_run if {
	_allowed(_asked(["langchain"], _exec([_program("env", [])]))) == set()
	_allowed(_asked(["langchain"], _exec([_program("cat", []), _program("env", [])]))) == set()
	_allowed(_asked(["langchain"], _exec([_program("./ls", [])]))) == set()
	writing := object.union(_exec([_program("cat", [])]), {"read_only": false})
	_allowed(_asked(["langchain"], writing)) == set()
}

_through(outer) := _asked(["langchain"], _exec([_with(_program("cat", []), {"via": [outer]})]))

test_nothing_by_way_of_sudo if {
	_allowed(_through("sh")) == {"hosts/read"}
	_allowed(_through("timeout")) == {"hosts/read"}
	_allowed(_through("sudo")) == set()
}

test_readers_read_files if {
	_allowed(_asked(["langchain"], {"name": "sftp.open_read"})) == {"hosts/read_files"}
	_allowed(_asked(["langchain"], {"name": "sftp.list"})) == {"hosts/read_files"}
	_allowed(_asked(["strangers"], {"name": "sftp.list"})) == set()
	_allowed(_asked(["langchain"], {"name": "sftp.remove"})) == set()
}

_writing(effect) := object.union(
	_exec([_with(_program("touch", []), {"effect": effect})]),
	{"read_only": false},
)

test_what_writes_waits if {
	_held(_asked(["langchain"], _writing("write"))) == {"hosts/write"}
	_held(_asked(["langchain"], _writing("unknown"))) == set()
	_held(_asked(["strangers"], _writing("write"))) == set()
	opaque := object.union(_writing("write"), {"opaque": [{"reason": "expansion", "detail": "$"}]})
	_held(_asked(["langchain"], opaque)) == set()
}

test_what_is_read_into_a_file_waits if {
	redirected := object.union(_exec([_program("cat", [])]), {"read_only": false})
	_held(_asked(["langchain"], redirected)) == {"hosts/write"}
	unlisted := object.union(_exec([_program("env", [])]), {"read_only": false})
	_held(_asked(["langchain"], unlisted)) == set()
	nothing := object.union(_exec([]), {"read_only": false})
	_held(_asked(["langchain"], nothing)) == set()
}

test_files_are_changed_with_an_approval if {
	_held(_asked(["langchain"], {"name": "sftp.open_write"})) == {"hosts/write_files"}
	_held(_asked(["langchain"], {"name": "sftp.remove"})) == {"hosts/write_files"}
	_held(_asked(["langchain"], {"name": "sftp.open_read"})) == set()
	_held(_asked(["strangers"], {"name": "sftp.remove"})) == set()
}

test_shells_are_for_some_people if {
	_allowed(_person(["dba"], {"name": "ssh.shell"})) == {"hosts/shell"}
	_denied(_person(["dba"], {"name": "ssh.shell"})) == set()
	_allowed(_person(["analysts"], {"name": "ssh.shell"})) == set()
	_denied(_person(["analysts"], {"name": "ssh.shell"})) == {"hosts/no_shell"}
	_denied(_asked(["dba"], {"name": "ssh.shell"})) == {"hosts/no_shell"}
}

test_terminals_are_for_people if {
	_allowed(_person(["analysts"], {"name": "ssh.pty"})) == {"hosts/terminal"}
	_allowed(_person([], {"name": "ssh.pty"})) == set()
	_allowed(_asked(["langchain"], {"name": "ssh.pty"})) == set()
}

test_signals if {
	_allowed(_asked(["langchain"], {"name": "ssh.signal"})) == {"hosts/signal"}
	_allowed(_asked([], {"name": "ssh.signal"})) == set()
}

test_opaque_commands if {
	why := {"opaque": [{"reason": "expansion", "detail": "$"}]}
	opaque := object.union(_exec([_program("cat", [])]), why)
	_denied(_person(["dba"], opaque)) == {"hosts/opaque"}
	_told([{"reason": "expansion", "detail": "$"}]) == {"Nobody can say beforehand what it does: it has a variable or substitution ($x, $(…), `…`)."}
}

_told(why) := messages if {
	opaque := object.union(_exec([_program("cat", [])]), {"opaque": why})
	messages := {reason.message | some reason in ssh.deny} with input as _asked([], opaque)
}

# Of 300 characters, 149 are those of every denial: who denies, its reference, and that it is final.
test_why_a_command_is_opaque_is_told_whole if {
	every reason in object.keys(ssh._words) {
		opaque := object.union(_exec([]), {"opaque": [{"reason": reason, "detail": "x-very-long-detail-of-a-command"}]})
		said := [denial | some denial in ssh.deny; denial.rule == "hosts/opaque"] with input as _asked([], opaque)
		count(said) == 1
		count($"{said[0].message} {said[0].remedy}") <= 151
	}
}

test_opaque_commands_are_told_in_words_of_people if {
	parser := {"reason": "syntax", "detail": "unexpected token near EOF_TOKEN"}
	_told([parser]) == {"Nobody can say beforehand what it does: its quotes, brackets or operators do not add up."}
	_told([parser, {"reason": "interpreter", "detail": "python3"}]) == {"Nobody can say beforehand what it does: python3 runs other programs or code."}
	_told([{"reason": "environment", "detail": "AVERYLONGNAMEOFAVARIABLE"}]) == {"Nobody can say beforehand what it does: it sets the variable AVERYLONGNAMEOF…."}
	_told([{"reason": "later", "detail": "x"}]) == {"Nobody can say beforehand what it does: it cannot be read."}
}

test_destructive_programs if {
	_denied(_asked(["dba"], _exec([_program("dd", [])]))) == {"hosts/destructive"}
	_denied(_asked(["dba"], _exec([_program("cat", []), _program("mkfs.ext4", [])]))) == {"hosts/destructive"}
	_denied(_asked(["dba"], _exec([_program("cat", [])]))) == set()
}

_removing(flags) := _denied(_asked(["dba"], _exec([_program("rm", flags)])))

test_rm_of_folders if {
	_removing(["r", "f"]) == {"hosts/remove_folders"}
	_removing(["R"]) == {"hosts/remove_folders"}
	_removing(["recursive"]) == {"hosts/remove_folders"}
	_removing(["recu"]) == {"hosts/remove_folders"}
	_removing(["f"]) == set()
	_removing([]) == set()
}

_reading(path) := _denied(_asked(["dba"], {"name": "sftp.open_read", "paths": [_path(path)]}))

test_protected_files if {
	_reading("/etc/shadow") == {"hosts/protected"}
	_reading("/etc/shadow-") == {"hosts/protected"}
	_reading("~/.ssh/config") == {"hosts/protected"}
	_reading("/var/lib/app/.ssh/authorized_keys") == {"hosts/protected"}
	_reading("/srv/app/.env") == {"hosts/protected"}
	_reading("/srv/app/tls.key") == {"hosts/protected"}
	_reading("/proc/1/environ") == {"hosts/protected"}
	_reading("/etc/ssh") == {"hosts/protected"}
	_reading("/var/lib/app/.aws") == {"hosts/protected"}
	_reading("/dev/sda1") == {"hosts/protected"}
	_reading("/dev/null") == set()
	_reading("/etc/hosts") == set()
	_reading("/srv/app/environment") == set()
	_reading("~/../other") == {"hosts/path"}
	_reading("~/..") == {"hosts/path"}
}

_pattern(path) := _denied(_asked(["dba"], object.union(
	_exec([_program("cat", [])]),
	{"paths": [{"path": path, "access": "read", "pattern": true}]},
)))

_whole(name, path) := _denied(_asked(["dba"], object.union(
	_exec([_program(name, ["r"])]),
	{"paths": [_path(path)]},
)))

test_patterns_and_whole_folders if {
	_pattern("/srv/*.log") == set()
	_pattern("/etc/sh*dow") == {"hosts/open_folders"}
	_pattern("~/*") == {"hosts/open_folders"}
	_whole("grep", "/srv/app") == set()
	_whole("grep", "/srvx") == {"hosts/open_folders"}
	_whole("grep", "/etc") == {"hosts/open_folders"}
	_whole("ls", "/etc") == set()
}

_folders(name, flags) := _denied(_asked(["dba"], object.union(
	_exec([_program(name, flags)]),
	{"paths": [_path("/etc")]},
)))

test_folders_that_are_read_unasked if {
	_folders("diff", ["N"]) == {"hosts/open_folders"}
	_folders("cp", ["a"]) == {"hosts/open_folders"}
	_folders("cp", ["arch"]) == {"hosts/open_folders"}
	_folders("cp", ["p"]) == set()
	_folders("id", ["a"]) == set()
}

_copied(path) := _denied(_asked(["dba"], object.union(
	_exec([_program("rsync", [])]),
	{"paths": [_path(path)], "transfer": {"kind": "rsync"}},
)))

test_rsync_reads_whole_folders if {
	_copied("/srv/app") == set()
	_copied("/etc") == {"hosts/open_folders"}
}

test_nothing_outlives_the_session if {
	detached := object.union(_exec([_program("sleep", [])]), {"detached": true})
	_denied(_asked(["dba"], detached)) == {"hosts/detached"}
}

test_forwarding if {
	_denied(_person(["dba"], {"name": "ssh.direct_tcpip"})) == {"hosts/forwarding"}
	_denied(_person(["dba"], {"name": "ssh.agent_forwarding"})) == {"hosts/forwarding"}
	_denied(_person(["dba"], {"name": "ssh.signal"})) == set()
}

test_links if {
	_denied(_asked(["dba"], {"name": "sftp.symlink"})) == {"hosts/links"}
	_denied(_asked(["dba"], {"name": "sftp.hardlink"})) == {"hosts/links"}
	_denied(_asked(["dba"], _exec([_program("ln", [])]))) == {"hosts/links"}
	_denied(_asked(["dba"], _exec([_program("cp", ["s"])]))) == {"hosts/links"}
	_denied(_asked(["dba"], _exec([_program("cp", ["sym"])]))) == {"hosts/links"}
	_denied(_asked(["dba"], _exec([_program("cp", ["p"])]))) == set()
	_denied(_asked(["dba"], _exec([_program("ls", ["l"])]))) == set()
	_denied(_asked(["dba"], {"name": "sftp.mkdir"})) == set()
}
