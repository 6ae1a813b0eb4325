# METADATA
# title: SSH
# description: |
#   What may be run, read and changed at hosts. Everybody with the role of a reader may run programs of a list that only
#   read; what changes files waits for an approval; whatever cannot be known before it runs is denied. Lists are in
#   `data.ssh`.
package sluice.rules.ssh

import data.access

# METADATA
# title: Commands that read
# description: Each program is on the list, and its options are known to read only. None of them by way of sudo.
allow contains {"rule": "hosts/read", "message": "Reading is allowed."} if {
	"reader" in access.roles
	input.action.name == "ssh.exec"
	input.action.read_only == true
	every program in input.action.programs {
		program.name in data.ssh.programs
		every outer in program.via { _passes(outer) }
	}
}

# METADATA
# title: Files that are read
# description: Over SFTP, as far as nothing protected is asked for.
allow contains {"rule": "hosts/read_files", "message": "Reading files is allowed."} if {
	"reader" in access.roles
	input.action.name in {"sftp.open_read", "sftp.list", "sftp.stat", "sftp.realpath", "sftp.readlink"}
}

# METADATA
# title: Commands that write
# description: A command of which everything is known, and that changes files, waits for an approval.
hold contains {
	"rule": "hosts/write",
	"message": "Changing files needs an approval.",
	"approvers": data.approvers,
	"hold_s": data.hold_s,
	"expires_s": data.approval_s,
} if {
	"writer" in access.roles
	input.action.name == "ssh.exec"
	input.action.read_only == false
	input.action.opaque == []
	count(input.action.programs) > 0
	every program in input.action.programs { _known(program) }
}

# METADATA
# title: Files that are changed
# description: The same over SFTP.
hold contains {
	"rule": "hosts/write_files",
	"message": "Changing files needs an approval.",
	"approvers": data.approvers,
	"hold_s": data.hold_s,
	"expires_s": data.approval_s,
} if {
	"writer" in access.roles
	input.action.name in {
		"sftp.open_write", "sftp.setstat", "sftp.remove", "sftp.rename", "sftp.mkdir", "sftp.rmdir",
	}
}

# METADATA
# title: Shells
# description: |
#   Nothing that is typed into a shell can be judged, so it is for people of some groups only, who are recorded; never for
#   a service.
allow contains {"rule": "hosts/shell", "message": "A recorded shell is allowed."} if {
	input.action.name == "ssh.shell"
	_may_have_a_shell
}

# METADATA
# title: Services and shells
# description: A service says what it wants to run.
deny contains {
	"rule": "hosts/no_shell",
	"message": "An interactive shell is not open to the caller: what is typed into it cannot be judged.",
	"remedy": "Run one command, e.g. ssh host ls.",
} if {
	input.action.name == "ssh.shell"
	not _may_have_a_shell
}

# METADATA
# title: Terminals and signals
# description: Beside a program that is judged by itself. A terminal is for people.
allow contains {"rule": "hosts/terminal", "message": "A terminal is allowed."} if {
	input.subject.type == "human"
	count(access.roles) > 0
	input.action.name == "ssh.pty"
}

# METADATA
# title: Signals
# description: To a program of the same session.
allow contains {"rule": "hosts/signal", "message": "Signals are allowed."} if {
	count(access.roles) > 0
	input.action.name == "ssh.signal"
}

# METADATA
# title: Opaque commands
# description: Variables, substitutions, loops and interpreters run what nobody can know before.
deny contains {
	"rule": "hosts/opaque",
	"message": $"Nobody can say beforehand what it does: {_unreadable}.",
	"remedy": "Run plain commands, one by one, or ask the host's team.",
} if {
	count(input.action.opaque) > 0
}

# One reason: all that a caller reads must fit in a line. What a parser complained of comes last, being often a consequence.
_unreadable := _said([one | some one in input.action.opaque; one.reason != "syntax"][0])

_unreadable := _said(input.action.opaque[0]) if {
	every one in input.action.opaque { one.reason == "syntax" }
}

_said(one) := replace(_words[one.reason], "%", _short(one.detail))

# Of a reason that is not listed, since it is new.
_said(one) := "it cannot be read" if {
	not _words[one.reason]
}

_short(detail) := detail if {
	count(detail) <= 16
}

_short(detail) := $"{substring(detail, 0, 15)}…" if {
	count(detail) > 16
}

# In words of people; `%` is the name that it is about.
_words := {
	"character": "it has a control character",
	"size": "it is too long, or nested too deep",
	"syntax": "its quotes, brackets or operators do not add up",
	"expansion": "it has a variable or substitution ($x, $(…), `…`)",
	"braces": "it has braces ({a,b})",
	"pattern": "a pattern (*, ?) may become an option or a program",
	"path": "a path leads back up (..) or through /dev/fd",
	"compound": "it has a loop, condition or group (for, if, !)",
	"here_document": "it has a here document (<<)",
	"comment": "it has a comment (#)",
	"redirection": "a redirection (>, <) opens what nobody can see",
	"environment": "it sets the variable %",
	"working_directory": "cd stands elsewhere than at its beginning",
	"builtin": "% changes how the shell reads the rest",
	"interpreter": "% runs other programs or code",
	"two_readings": "shells read it in different ways",
}

# METADATA
# title: Destructive programs
# description: What nobody runs through the gateway on purpose. Also looked for in what is opaque.
deny contains {
	"rule": "hosts/destructive",
	"message": $"{program.name} is not allowed.",
	"remedy": "Ask the team that runs the host.",
} if {
	some program in input.action.programs
	some pattern in data.ssh.destructive
	glob.match(pattern, [], program.name)
}

# METADATA
# title: Removing folders
# description: rm with what is in a folder, however its option is written.
deny contains {
	"rule": "hosts/remove_folders",
	"message": "rm -r is not allowed.",
	"remedy": "Name the files that you mean.",
} if {
	some program in input.action.programs
	program.name == "rm"
	some flag in program.flags
	_recursive(flag)
}

# METADATA
# title: Protected files
# description: Keys, passwords and what else `data.ssh.protected_paths` lists, by the text of their paths.
deny contains {
	"rule": "hosts/protected",
	"message": $"{named.path} is protected.",
	"remedy": "Do not ask for it.",
} if {
	some named in input.action.paths
	_protected(named.path)
}

# METADATA
# title: Paths that lead out
# description: Above the folder of the login nobody knows what a relative path means.
deny contains {
	"rule": "hosts/path",
	"message": "A path leads above the home folder.",
	"remedy": "Name it from / on.",
} if {
	some named in input.action.paths
	startswith(named.path, "~/..")
}

# METADATA
# title: Patterns and whole folders
# description: |
#   What they stand for is known only while they are read, so they are for `data.ssh.open_folders`, in which nothing
#   protected is.
deny contains {
	"rule": "hosts/open_folders",
	"message": $"Patterns and whole folders are read in {folders} only.",
	"remedy": "Name the files that you mean.",
} if {
	_many
	some named in input.action.paths
	not _open(named.path)
	folders := concat(", ", data.ssh.open_folders)
}

# METADATA
# title: What outlives the session
# description: nohup, setsid and & leave something that nobody watches.
deny contains {
	"rule": "hosts/detached",
	"message": "Nothing may go on after the session.",
	"remedy": "Run it in the foreground.",
} if {
	input.action.detached == true
}

# METADATA
# title: Forwarding
# description: Ways past the commands that are judged.
deny contains {
	"rule": "hosts/forwarding",
	"message": "Forwarding is not allowed.",
	"remedy": "Register what you want to reach as a target of its own.",
} if {
	input.action.name in {
		"ssh.direct_tcpip", "ssh.forwarded_tcpip", "ssh.streamlocal", "ssh.agent_forwarding", "ssh.x11",
	}
}

# METADATA
# title: Links
# description: Rules about paths judge by their text; a link is a way around them.
deny contains {
	"rule": "hosts/links",
	"message": "Links are not made through the gateway.",
	"remedy": "Copy the file.",
} if {
	input.action.name in {"sftp.symlink", "sftp.hardlink"}
}

deny contains {
	"rule": "hosts/links",
	"message": "Links are not made through the gateway.",
	"remedy": "Copy the file.",
} if {
	some program in input.action.programs
	_links(program)
}

_may_have_a_shell if {
	input.subject.type == "human"
	"shell" in access.roles
}

# Shells and what only limits a program.
_passes(outer) if outer in data.ssh.shells

_passes(outer) if outer in {"timeout", "nice", "ionice", "env", "command", "exec", "stdbuf", "busybox"}

_known(program) if program.effect == "write"

_known(program) if {
	program.effect == "read"
	program.name in data.ssh.programs
}

_links(program) if program.name == "ln"

_links(program) if {
	program.name == "cp"
	some flag in program.flags
	_linking(flag)
}

_linking(flag) if flag in {"l", "s"}

_linking(flag) if {
	some whole in {"link", "symbolic-link"}
	count(flag) > 1
	startswith(whole, flag)
}

_recursive(flag) if flag in {"r", "R", "dereference-recursive"}

# An abbreviation is taken for the whole.
_recursive(flag) if {
	count(flag) > 1
	startswith("recursive", flag)
}

_protected(path) if {
	some pattern in data.ssh.protected_paths
	glob.match(pattern, ["/"], path)
}

_many if {
	some named in input.action.paths
	named.pattern == true
}

# What lists names only is no reader of files.
_many if {
	some program in input.action.programs
	not program.name in {"ls", "rm"}
	some flag in program.flags
	_recursive(flag)
}

_many if input.action.transfer.kind == "rsync"

# Of two folders it compares all that is in them, without being told to.
_many if {
	some program in input.action.programs
	program.name == "diff"
}

_many if {
	some program in input.action.programs
	program.name == "cp"
	some flag in program.flags
	_archive(flag)
}

_archive("a")

_archive(flag) if {
	count(flag) > 1
	startswith("archive", flag)
}

_open(path) if {
	some folder in data.ssh.open_folders
	startswith($"{path}/", $"{folder}/")
}
