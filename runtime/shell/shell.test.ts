import t from 'tap';
import { MemoryTree } from '../files/memory-tree.ts';
import { runScript } from './interpreter.ts';
import type { ShellProcess } from './shell-process.ts';
import { readerOf, writerOf } from './streams.ts';

const clock = {
  now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function shell(input = '') {
  const output = { out: '', err: '' };
  const writer = (name: keyof typeof output) =>
    writerOf((text) => {
      output[name] += text;
    });
  const kill = new AbortController();
  const pending = new Set<string>();
  const process: ShellProcess = {
    clock,
    random: { next: () => 0.75, uuid: () => '' },
    files: new MemoryTree(),
    variables: new Map([['HOME', '/root']]),
    exported: new Set(),
    functions: new Map(),
    traps: new Map(),
    parameters: ['sh', 'one', 'two words'],
    cwd: '/',
    lastCode: 0,
    stdin: readerOf(input),
    stdout: writer('out'),
    stderr: writer('err'),
    killed: kill.signal,
    pending,
    jobs: [],
    programs: new Map(),
    options: new Set(),
  };
  const run = async (script: string): Promise<Ran> => {
    const code = await runScript(script, process);
    return { code, ...output };
  };
  return { run, kill, pending, process };
}

/** Script, what it writes, its exit code. */
const scripts: readonly (readonly [string, string, number])[] = [
  ['echo a b   c', 'a b c\n', 0],
  [`echo "a  b" 'c  $x' d\\ e`, 'a  b c  $x d e\n', 0],
  ['x=1; echo $x ${x}y "$x$x"', '1 1y 11\n', 0],
  ['echo "${none:-fall back}" ${none-x} "${none:+y}"', 'fall back x \n', 0],
  ['f=a/b.tar.gz; echo ${f##*/} ${f#*/} ${f%.*} ${f%%.*} ${#f}', 'b.tar.gz b.tar.gz a/b.tar a/b 10\n', 0],
  ['echo $(echo in; echo side) `echo old`', 'in side old\n', 0],
  ['echo "$(echo "nested $(echo deep)")"', 'nested deep\n', 0],
  ['echo $((1 + 2 * 3)) $(( (1+2)*3 % 4 )) $((10/3)) $((5 > 3 && 2 == 2))', '7 1 3 1\n', 0],
  ['i=3; i=$((i+1)); echo $i $((i++)) $i', '4 4 5\n', 0],
  ['exit $(( $RANDOM / 16384 ))', '', 1],
  ['true && echo yes || echo no; false && echo yes || echo no', 'yes\nno\n', 0],
  ['if [ 1 -eq 2 ]; then echo a; elif test x = x; then echo b; else echo c; fi', 'b\n', 0],
  ['if [[ -r /data/foo ]] ; then exit 0 ; else touch /data/foo ; exit 1 ; fi', '', 1],
  ['if [ $(expr ${INDEX:-3} % 2) -ne 0 ]; then exit 7; else exit 0; fi', '', 7],
  ['for x in a b "c d"; do echo -n "<$x>"; done', '<a><b><c d>', 0],
  ['for x; do echo -n "[$x]"; done; echo $# $1', '[one][two words]2 one\n', 0],
  ['for x in "$@"; do echo "$x"; done', 'one\ntwo words\n', 0],
  ['for x in $*; do echo -n "$x,"; done', 'one,two,words,', 0],
  ['i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done', '1\n3\n', 0],
  ['i=0; until [ $i -ge 9 ]; do i=$((i+1)); if [ $i = 3 ]; then break; fi; done; echo $i', '3\n', 0],
  ['case abc in x|y) echo 1;; a*) echo 2;; *) echo 3;; esac', '2\n', 0],
  ['f() { echo "f $1"; return 4; }; f x; echo $?', 'f x\n4\n', 0],
  ['(exit 3); echo $?; { false; }; echo $?', '3\n1\n', 0],
  ['echo one > /a; echo two >> /a; cat /a; cat < /a | wc -l', 'one\ntwo\n2\n', 0],
  ['echo out; echo err >&2; ls /none 2>/dev/null || echo missing', 'out\nmissing\n', 0],
  ['printf "b\\na\\nc\\n" | sort | head -n 2', 'a\nb\n', 0],
  ['seq 3 | while read n; do echo "n=$n"; done', 'n=1\nn=2\nn=3\n', 0],
  ["cat <<EOF\nhi $HOME\nEOF\ncat <<'E'\nraw $HOME\nE", 'hi /root\nraw $HOME\n', 0],
  ['! true; echo $?', '1\n', 0],
  ['set -e; false; echo never', '', 1],
  ['set -e; if false; then :; fi; false || true; echo still', 'still\n', 0],
  ['trap "echo bye" EXIT; exit 5', 'bye\n', 5],
  ['none', '', 127],
  ['if true; then', '', 2],
  ['x=1 y=2; (x=5; echo $x); echo $x', '5\n1\n', 0],
  ['FOO=bar sh -c \'echo "$FOO $0 $1"\' name arg; echo "<$FOO>"', 'bar name arg\n<>\n', 0],
  [
    'mkdir -p /d; touch /d/x.txt /d/y.txt /d/z; cd /d; echo *.txt; ls; rm x.txt; [ -e x.txt ] || echo gone',
    'x.txt y.txt\nx.txt\ny.txt\nz\ngone\n',
    0,
  ],
  [
    'mkdir -p /d/e; touch /d/x /d/e/y; find /d -type f; find /d -mindepth 1 -delete; find /d; find /none || echo missing',
    '/d/e/y\n/d/x\n/d\nmissing\n',
    0,
  ],
  ['echo "# no comment" # comment', '# no comment\n', 0],
  ['grep -q b <<EOF && echo found\nabc\nEOF', 'found\n', 0],
  ['eval "echo $((1+1))"; date +%F', '2\n2026-01-02\n', 0],
  ['sleep 0.01 & wait; echo done', 'done\n', 0],
  ['exec echo last; echo never', 'last\n', 0],
];

t.test('scripts do what they say', async (t) => {
  for (const [script, out, code] of scripts) {
    const ran = await shell().run(script);
    t.strictSame([ran.out, ran.code], [out, code], `${script} (${ran.err.trim()})`);
  }
});

t.test('errors have the words that users know', async (t) => {
  t.match(await shell().run('frobnicate'), { err: 'sh: frobnicate: not found\n' });
  t.match(await shell().run('cat /none'), { code: 1, err: "cat: can't open '/none': No such file or directory\n" });
  t.match(await shell().run('echo "open'), { code: 2, err: /unterminated quoted string/ });
});

t.test('an endless loop lets others work, heeds a trap, and ends when it is killed', async (t) => {
  const deaf = shell();
  const endless = deaf.run('while true; do :; done');
  await new Promise((resolve) => setTimeout(resolve, 20));
  deaf.pending.add('TERM');
  await new Promise((resolve) => setTimeout(resolve, 20));
  deaf.kill.abort();
  t.match(await endless, { code: 137 });
  const polite = shell();
  const waiting = polite.run('trap "echo bye; exit 3" TERM; while true; do sleep 0.01; done');
  await new Promise((resolve) => setTimeout(resolve, 30));
  polite.pending.add('TERM');
  t.match(await waiting, { code: 3, out: 'bye\n' });
});

t.test('garbage never hangs or throws', async (t) => {
  const pieces = [
    'if',
    'then',
    'fi',
    '(',
    ')',
    '{',
    '}',
    '$',
    '"',
    "'",
    '`',
    '$((',
    '))',
    ';',
    '|',
    '&&',
    'a=b',
    '<<',
    '>',
    '${',
    'case',
    'in',
    'esac',
    '#',
    '\\',
    '\n',
    'x',
  ];
  let state = 7;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < 2000; i++) {
    const script = Array.from({ length: 8 }, () => pieces[Math.floor(next() * pieces.length)]).join(
      next() < 0.5 ? ' ' : '',
    );
    const { run, kill } = shell();
    setTimeout(() => kill.abort(), 1000).unref();
    const { code } = await run(script);
    if (!(code >= 0)) t.fail(script);
  }
  t.pass('2000 scripts');
});
