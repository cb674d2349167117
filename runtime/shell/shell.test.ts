import { PassThrough } from 'node:stream';
import t from 'tap';
import { bytesOf, fromBytes } from '../files/byte-text.ts';
import { createNetwork } from '../network/create-network.ts';
import { startTestContainer } from '../simulated/test-container.ts';

const clock = {
  now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
const random = { next: () => 0.75, uuid: () => '00000000-0000-4000-8000-000000000000' };

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A container of an image with a shell, which stays up. */
function container(image = 'busybox') {
  const network = createNetwork({ hostIp: '172.18.0.1' });
  const started = startTestContainer({
    clock,
    random,
    network: network.open({ node: 'node-0', ips: ['10.0.0.2'] }),
    container: { name: 'main', image, command: ['sleep', '1000'] },
    log: () => undefined,
  });
  const run = async (command: readonly string[], input = ''): Promise<Ran> => {
    const written = { out: '', err: '' };
    const stream = (name: keyof typeof written): PassThrough => {
      const into = new PassThrough();
      into.on('data', (piece: Uint8Array) => {
        written[name] += fromBytes(piece);
      });
      return into;
    };
    const stdin = new PassThrough();
    stdin.end(bytesOf(input));
    const streams = { stdin, stdout: stream('out'), stderr: stream('err'), isTerminal: false };
    const code = await started.exec(command, { ...streams, signal: new AbortController().signal });
    await new Promise((resolve) => setImmediate(resolve));
    return { code, ...written };
  };
  return {
    run,
    script: (text: string, input = '') => run(['sh', '-c', text, 'sh', 'one', 'two words'], input),
    stop: () => started.stop(0),
  };
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

function hangs(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2000).unref());
}

t.test('scripts do what they say', async (t) => {
  for (const [script, out, code] of scripts) {
    const { script: run, stop } = container();
    const ran = await run(script);
    stop();
    t.strictSame([ran.out, ran.code], [out, code], `${script} (${ran.err.trim()})`);
  }
});

t.test('errors have the words that users know', async (t) => {
  const { script, stop } = container();
  t.match(await script('frobnicate'), { err: 'sh: frobnicate: not found\n' });
  t.match(await script('cat /none'), { code: 1, err: "cat: can't open '/none': No such file or directory\n" });
  t.match(await script('echo "open'), { code: 2, err: /unterminated quoted string/ });
  stop();
});

t.test('an endless loop lets others work, heeds a trap, and ends when it is killed', async (t) => {
  const { script, stop } = container();
  t.match(await script('(while :; do :; done) & sleep 0.05; kill $!; wait $!; echo $?'), { out: '143\n' });
  t.match(
    await script(
      'sh -c \'trap "echo bye; exit 3" TERM; while :; do sleep 0.01; done\' & sleep 0.1; kill $!; wait $!; echo $?',
    ),
    {
      out: 'bye\n3\n',
    },
  );
  t.match(await script('yes | head -n 2'), { out: 'y\ny\n', code: 0 });
  stop();
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
  const one = container();
  for (let i = 0; i < 2000; i++) {
    const script = Array.from({ length: 8 }, () => pieces[Math.floor(next() * pieces.length)]).join(
      next() < 0.5 ? ' ' : '',
    );
    const ran = await Promise.race([one.script(script), hangs()]);
    if (ran === undefined || !(ran.code >= 0)) t.fail(script);
  }
  one.stop();
  t.pass('2000 scripts');
});
