import type { Command, Host, Lines, SshCase } from '../ssh-case.ts'

const touch = (name: string, command: (at: Host) => string): Command => ({
  name,
  kind: 'exec',
  command,
  shows: 'mark',
})
const reading = (name: string, command: (at: Host) => string): Command => ({
  name,
  kind: 'exec',
  command,
  shows: 'secret',
})
const files = (name: string, shows: 'mark' | 'secret', lines: (at: Host) => readonly string[]): Lines => ({
  name,
  kind: 'sftp',
  lines,
  shows,
})

export const sshCases: readonly SshCase[] = [
  {
    id: 'C1',
    title: 'a command line is a program of the shell',
    stake: 'any command, behind one that is allowed',
    attacks: [
      touch('a list', ({ mark }) => `ls; touch ${mark}`),
      touch('and', ({ mark }) => `true && touch ${mark}`),
      touch('or', ({ mark }) => `false || touch ${mark}`),
      touch('a pipeline', ({ mark }) => `ls | touch ${mark}`),
      touch('the background', ({ mark }) => `ls & touch ${mark}; wait`),
      touch('a new line', ({ mark }) => `ls\ntouch ${mark}`),
      touch('back quotes', ({ mark }) => `echo \`touch ${mark}\``),
      touch('a substitution', ({ mark }) => `echo $(touch ${mark})`),
      touch('a substitution in quotes', ({ mark }) => `echo "$(touch ${mark})"`),
      touch('a variable', ({ mark }) => `t=touch; $t ${mark}`),
      touch('$IFS', ({ mark }) => `touch\${IFS}${mark}`),
      touch('quotes in the name', ({ mark }) => `t'ou'"c"\\h ${mark}`),
      touch('a pattern as the name', ({ mark }) => `/usr/bin/touc? ${mark}`),
      touch('a subshell', ({ mark }) => `(ls; touch ${mark})`),
      touch('a group', ({ mark }) => `{ touch ${mark}; }`),
      touch('a function', ({ mark }) => `ls() { touch ${mark}; }; ls`),
      touch('a condition', ({ mark }) => `if true; then touch ${mark}; fi`),
      touch('a loop', ({ mark }) => `for f in ${mark}; do touch $f; done`),
      touch('behind a comment', ({ mark }) => `ls # harmless\ntouch ${mark}`),
      touch('a redirection', ({ mark }) => `echo x > ${mark}`),
      touch('a redirection alone', ({ mark }) => `> ${mark}`),
    ],
  },
  {
    id: 'C2',
    title: 'programs that run programs',
    stake: 'any command, through one that looks harmless',
    attacks: [
      touch('sh -c', ({ mark }) => `sh -c 'touch ${mark}'`),
      touch('sh -c in sh -c', ({ mark }) => `sh -c "sh -c 'touch ${mark}'"`),
      touch(
        'a script in base64',
        ({ mark }) => `sh -c "$(echo ${Buffer.from(`touch ${mark}`).toString('base64')} | base64 -d)"`,
      ),
      touch('eval', ({ mark }) => `eval "tou""ch ${mark}"`),
      touch('env', ({ mark }) => `env touch ${mark}`),
      touch('env -S', ({ mark }) => `env -S 'touch ${mark}'`),
      touch('xargs', ({ mark }) => `echo ${mark} | xargs touch`),
      touch('find -exec', ({ mark }) => `find /etc/hosts -exec touch ${mark} ';'`),
      touch('find -fprint', ({ mark }) => `find /etc/hosts -fprint ${mark}`),
      touch('awk', ({ mark }) => `awk 'BEGIN { system("touch ${mark}") }'`),
      touch('sed w', ({ mark }) => `echo x | sed -n 'w ${mark}'`),
      touch(
        'tar --checkpoint-action',
        ({ mark }) => `tar cf /dev/null --checkpoint=1 --checkpoint-action=exec='touch ${mark}' /etc/hosts`,
      ),
      touch('perl -e', ({ mark }) => `perl -e 'open F, ">", "${mark}"'`),
      touch('sort -o', ({ mark }) => `sort -o ${mark} /etc/hosts`),
      touch('uniq to a file', ({ mark }) => `uniq /etc/hosts ${mark}`),
      touch('timeout', ({ mark }) => `timeout 5 touch ${mark}`),
      touch('nice', ({ mark }) => `nice touch ${mark}`),
      touch('command', ({ mark }) => `command touch ${mark}`),
    ],
  },
  {
    id: 'C3',
    title: 'the program comes on standard input',
    stake: 'any command, of which the line says nothing',
    attacks: [
      { ...touch('sh -s', () => 'sh -s'), input: 'touch MARK\n' },
      { ...touch('sh', () => 'sh'), input: 'touch MARK\n' },
      touch('a here document', ({ mark }) => `sh << END\ntouch ${mark}\nEND`),
      touch(
        'a file that is written first',
        ({ mark, folder }) => `echo 'touch ${mark}' > ${folder}/s; sh ${folder}/s`,
      ),
      touch('a pipeline into a shell', ({ mark }) => `echo 'touch ${mark}' | sh`),
    ],
  },
  {
    id: 'C4',
    title: 'what outlives the session',
    stake: 'a command that nobody watches',
    attacks: [
      touch('nohup', ({ mark }) => `nohup touch ${mark}`),
      touch('setsid', ({ mark }) => `setsid -w touch ${mark}`),
      touch('the background', ({ mark }) => `touch ${mark} &`),
    ],
  },
  {
    id: 'C5',
    title: 'an interactive shell',
    stake: 'everything: what is typed cannot be judged',
    attacks: [
      {
        name: 'of a service',
        kind: 'shell',
        lines: ({ secret }) => [`cat ${secret}`, 'exit'],
        shows: 'secret',
      },
    ],
  },
  {
    id: 'C6',
    title: 'operations of SFTP',
    stake: 'files are changed where only reading is allowed',
    attacks: [
      files('an upload', 'mark', ({ people, mark }) => [`put ${people} ${mark}`]),
      files('a name that is taken', 'mark', ({ people, mark, folder }) => [
        `put ${people} ${folder}/a`,
        `rename ${folder}/a ${mark}`,
      ]),
      files('a folder', 'mark', ({ mark }) => [`mkdir ${mark}`]),
      files('a symbolic link', 'mark', ({ people, mark }) => [`ln -s ${people} ${mark}`]),
      files('a hard link', 'mark', ({ people, mark, folder }) => [
        `put ${people} ${folder}/b`,
        `ln ${folder}/b ${mark}`,
      ]),
    ],
  },
  {
    id: 'C7',
    title: 'copies as commands',
    stake: 'files go where no rule looks',
    attacks: [
      reading('scp -f of what nobody may read', ({ secret }) => `printf '\\0\\0\\0' | scp -f ${secret}`),
      touch(
        'scp -S',
        ({ mark, folder }) =>
          `printf 'touch ${mark}' > ${folder}/x; chmod 755 ${folder}/x; scp -S ${folder}/x a x:`,
      ),
    ],
  },
  {
    id: 'C8',
    title: 'paths that lead elsewhere',
    stake: 'a file that nobody may read',
    attacks: [
      reading('by its name', ({ secret }) => `cat ${secret}`),
      reading('..', ({ secret, folder }) => `cat ${folder}/../${secret.split('/').slice(3).join('/')}`),
      reading('doubled slashes and dots', ({ secret }) => `cat /.//${secret}`),
      reading('a redirection', ({ secret }) => `cat < ${secret}`),
      reading('an option', ({ secret }) => `grep -f${secret} ${secret}`),
      reading(
        'from its folder',
        ({ secret }) => `cd ${secret.replace(/\/[^/]*$/, '')} && cat ${secret.replace(/.*\//, '')}`,
      ),
      reading('a pattern', ({ secret }) => `cat ${secret.slice(0, -1)}?`),
      reading('the whole folder', ({ secret }) => `grep -r . ${secret.replace(/\/[^/]*$/, '')}`),
      reading('.. behind a link that every host has', ({ secret }) => `cat /var/run/..${secret}`),
      reading('.. behind a folder of descriptors', ({ secret }) => `cat /dev/fd/../root${secret}`),
      reading('below an open folder', ({ secret }) => `cat /dev/stdin${secret} < /`),
      reading('below an open folder, by its number', ({ secret }) => `cat /dev/fd/3${secret} 3< /`),
      reading('the whole folder, by another option', ({ folder }) => `grep -h -d recurse . ${folder}`),
      files('SFTP', 'secret', ({ secret, folder }) => [`get ${secret} ${folder}/got`, `!cat ${folder}/got`]),
      files('SFTP, ..', 'secret', ({ secret, folder }) => [
        `get ${folder}/../${secret.split('/').slice(3).join('/')} ${folder}/got`,
        `!cat ${folder}/got`,
      ]),
      files('SFTP, a link that is made first', 'secret', ({ secret, folder }) => [
        `ln -s ${secret} ${folder}/way`,
        `get ${folder}/way ${folder}/got`,
        `!cat ${folder}/got`,
      ]),
    ],
  },
  {
    id: 'C9',
    title: 'variables',
    stake: 'a program is another one',
    attacks: [
      touch(
        'before a command',
        ({ mark, folder }) =>
          `printf 'touch ${mark}' > ${folder}/ls; chmod 755 ${folder}/ls; PATH=${folder}:$PATH ls`,
      ),
      touch(
        'exported',
        ({ mark, folder }) =>
          `printf 'touch ${mark}' > ${folder}/ls; chmod 755 ${folder}/ls; export PATH=${folder}:$PATH; ls`,
      ),
      touch(
        'by env',
        ({ mark, folder }) =>
          `printf 'touch ${mark}' > ${folder}/e; chmod 755 ${folder}/e; mv ${folder}/e ${folder}/ls; env PATH=${folder}:$PATH ls`,
      ),
      {
        name: 'as a request',
        kind: 'ssh',
        args: ({ mark }) => ['-o', `SetEnv=CANARY=${mark}`],
        command: 'sh -c "touch \\"$CANARY\\""',
        shows: 'mark',
      },
    ],
  },
  {
    id: 'C11',
    title: 'connections through the host',
    stake: 'services that only the host may reach',
    attacks: [
      {
        name: 'a connection (-W)',
        kind: 'ssh',
        args: ({ port }) => ['-W', `127.0.0.1:${port}`],
        command: null,
        shows: 'way',
      },
    ],
  },
  {
    id: 'C21',
    title: 'personal data in what is printed',
    stake: 'numbers of people, cut so that no pattern finds them',
    attacks: [
      {
        name: 'as it is',
        kind: 'exec',
        command: ({ people }) => `cat ${people}`,
        shows: 'person',
        masked: true,
      },
      {
        name: 'over SFTP',
        kind: 'sftp',
        lines: ({ people, folder }) => [`get ${people} ${folder}/people`, `!cat ${folder}/people`],
        shows: 'person',
        masked: true,
      },
    ],
  },
  {
    id: 'C22',
    title: 'personal data on stderr',
    stake: 'a stream of its own that no mask looks into',
    attacks: [
      {
        name: 'a number in a message',
        kind: 'exec',
        command: () => 'ls 536-22-8726',
        shows: 'person',
        masked: true,
      },
    ],
  },
]
