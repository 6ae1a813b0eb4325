/**
 * Programs that run other programs, or code that they read: the reason why a list of denied programs is no control. A line
 * with one of them is opaque. What is in no table is no interpreter, and no program that a policy should allow unasked.
 */
const names: ReadonlySet<string> = new Set(
  `ansible ansible-playbook ant apt apt-get aptitude ash at aws awk bash batch bc bpftrace bun busybox byobu capsh cargo cc
  chroot chrt clang cmake composer coproc cpan cpulimit crontab csh dash dc deno dmsetup dnf docker dpkg easy_install ed
  elvish emacs emacsclient env ex expect facter fakeroot find fish flock ftp g++ gawk gcc gdb gem gimp git git-receive-pack
  git-upload-archive git-upload-pack gnuplot go gradle guile hg hping3 httpie ionice ipython irb java jjs journalctl jrunscript
  jshell julia ksh ksh93 kubectl ld less lftp lldb logrotate ltrace lua luajit m4 make man mariadb mawk mksh mongo mongosh more
  most mutt mvn mysql nano nawk nc ncat neofetch netcat nice ninja nmap node nodejs nohup npm npx nsenter nvim openssl
  parallel passwd perl pg php pic pico pip pip3 pkexec pnpm podman psql puppet pwsh python python2 python3 rake rc redis-cli
  rlwrap rpm rsync rsync-ssl ruby run-parts runuser scp screen script scriptreplay sed service setarch setpriv setsid sftp sg
  sh slsh snap socat sqlite3 ssh ssh-agent ssh-keygen start-stop-daemon stdbuf strace su sudo doas svn systemctl systemd-run
  tar task taskset tclsh tcpdump tcsh telnet time timeout tmux toybox tsx ul unexpand unshare unzip vi view vigr vim vimdiff
  vipw visudo w3m watch wget wish xargs xdotool yarn yash yum zip zsh zypper`.split(/\s+/),
)

/** With a version, as in `python3.12`, `perl5.36`, `lua5.4`, `php8.2`. */
const versioned = /^(?:python|pypy|perl|ruby|lua|php|node|gcc|clang|pip|bash|ksh|zsh|tclsh|guile)-?[0-9.]+$/
/** The dynamic loader runs any file that it is given. */
const loader = /(?:^|\/)ld(?:-linux[\w-]*|-musl[\w-]*)?\.so(?:\.\d+)*$/

export function interprets(name: string): boolean {
  return names.has(name) || versioned.test(name) || loader.test(name)
}

/** Parts of the shell after which nothing means what it says, or that run or evaluate their arguments. */
const changing: ReadonlySet<string> = new Set(
  `. alias bind builtin caller compgen complete compopt declare disown enable eval exec export fc fg bg function getopts hash
  history let local mapfile read readarray readonly set shift shopt source suspend trap typeset ulimit umask unalias unset wait
  autoload chdir emulate zmodload jobs pushd popd dirs logout return break continue`.split(/\s+/),
)

/** Whether it is a part of the shell that changes what follows. */
export function changesTheShell(name: string, args: readonly string[]): boolean {
  if (changing.has(name)) return true
  // `printf -v 'a[$(id)]'` and `test -v 'a[$(id)]'` evaluate what is in the brackets.
  if (name === 'printf') return (args[0]?.startsWith('-') === true && args[0] !== '--') || setsVariables(args)
  return (name === 'test' || name === '[') && args.some((argument) => argument === '-v' || argument === '-R')
}

/** `printf %n PATH` of Bash sets the variable to how much was printed. */
function setsVariables(args: readonly string[]): boolean {
  return args.some((argument) => /%[^A-Za-z]*[hjlLqtz]*n/.test(argument.replaceAll('%%', '')))
}
