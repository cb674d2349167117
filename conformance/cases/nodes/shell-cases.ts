import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { openWebSocket } from '../../runner/web-socket.ts';
import { idle, ofContainer, runPod, shell } from './running-pod.ts';

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

type Exec = (script: string, stdin?: string) => Promise<Result>;

/** A script, what it writes, and its exit code where that is not 0. */
type Row = readonly [script: string, stdout: string, code?: number];

const [input, output, errors, ending, closing] = [0, 1, 2, 3, 255];

function statusCode(status: string): number {
  const { details } = JSON.parse(status) as { readonly details?: { readonly causes: readonly { message: string }[] } };
  return Number(details?.causes[0]?.message ?? 0);
}

/** A pod with a shell, told what to do by `exec`. */
async function shellOf(c: CaseContext): Promise<Exec> {
  const pod = await runPod(c, { containers: [shell('c', idle)] });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.ready === true);
  return async (script, stdin) => {
    const words = ['sh', '-c', script].map((word) => `&command=${encodeURIComponent(word)}`).join('');
    const streams = `stdin=${stdin !== undefined}&stdout=true&stderr=true`;
    const socket = await openWebSocket(c, `${pod.path}/exec?container=c&${streams}${words}`, 'v5.channel.k8s.io');
    if (stdin !== undefined) {
      socket.send(Buffer.concat([Buffer.of(input), Buffer.from(stdin)]));
      socket.send(Buffer.of(closing, input));
    }
    const messages = await socket.messages;
    const of = (channel: number): string =>
      Buffer.concat(messages.filter(([first]) => first === channel).map((one) => one.subarray(1))).toString();
    return { stdout: of(output), stderr: of(errors), code: statusCode(of(ending)) };
  };
}

const all = (rows: readonly Row[]) => async (c: CaseContext) => {
  const exec = await shellOf(c);
  for (const [script, wanted, wantedCode = 0] of rows) {
    const { stdout, stderr, code } = await exec(script);
    c.equal([stdout, code], [wanted, wantedCode], `${script} (${stderr.trim()})`);
  }
};

const pipes: readonly Row[] = [
  ["printf 'b\\na\\nb\\n' | sort | uniq -c | awk '{print $2 \"=\" $1}'", 'a=1\nb=2\n'],
  ['yes | head -n 2', 'y\ny\n'],
  ['false | true', ''],
  ['set -o pipefail; false | true', '', 1],
  ['echo hidden | (exit 3); echo $?', '3\n'],
  ['! true; echo $?', '1\n'],
  ['seq 3 | while read n; do echo "<$n>"; done', '<1>\n<2>\n<3>\n'],
  ['n=0; seq 3 | while read x; do n=$x; done; echo $n', '0\n'],
  ['echo a b c | { read x y; echo "$y-$x"; }', 'b c-a\n'],
];

const redirections: readonly Row[] = [
  ['cd /tmp; echo one > r; echo two >> r; cat < r; rm r', 'one\ntwo\n'],
  ['ls /none 2>&1 >/dev/null | wc -l', '1\n'],
  ['{ echo out; echo err >&2; } 2>/dev/null', 'out\n'],
  ['exec 3>/tmp/three; echo kept >&3; exec 3>&-; cat /tmp/three; rm /tmp/three', 'kept\n'],
  ['cat <<END\n$((1 + 1)) `echo two`\nEND', '2 two\n'],
  ["cat <<'END'\n$((1 + 1))\nEND", '$((1 + 1))\n'],
  ['cat <<-END\n\tindented\n\tEND', 'indented\n'],
  ['set -C; echo a > /tmp/once; echo b > /tmp/once; echo $?; cat /tmp/once; rm /tmp/once', '1\na\n'],
  ['cat < /none', '', 1],
];

const exitCodes: readonly Row[] = [
  ['exit 300', '', 44],
  ['no-such-program', '', 127],
  ['echo true > /tmp/plain; /tmp/plain; echo $?; rm /tmp/plain', '126\n'],
  ['set -e; false; echo no', '', 1],
  ['set -e; false || true; if false; then :; fi; echo yes', 'yes\n'],
  ['set -u; echo $unset', '', 2],
  ['(exit 4); echo $?', '4\n'],
  ['sh -c "kill -KILL \\$\\$"; echo $?', '137\n'],
  ['f() { return 9; }; f; echo $?', '9\n'],
  ['x=$(exit 5); echo $?', '5\n'],
  ['timeout 1 sleep 5; echo $?', '143\n'],
  ['if', '', 2],
];

const traps: readonly Row[] = [
  ["trap 'echo bye' EXIT; echo hi", 'hi\nbye\n'],
  ["trap 'echo bye' EXIT; exit 3", 'bye\n', 3],
  ["trap 'echo got' USR1; kill -USR1 $$; echo on", 'got\non\n'],
  ["trap 'echo term; exit 5' TERM; kill -TERM $$; echo no", 'term\n', 5],
  ["trap '' TERM; kill -TERM $$; echo alive", 'alive\n'],
  ["trap 'echo outer' EXIT; (trap 'echo inner' EXIT)", 'inner\nouter\n'],
];

const background: readonly Row[] = [
  ['(sleep 0.2; exit 7) & wait $!; echo $?', '7\n'],
  ['sleep 100 & kill $!; wait $!; echo $?', '143\n'],
  ['(sleep 0.3; echo late) & echo early; wait', 'early\nlate\n'],
  ['for i in 1 2 3; do (exit $i) & done; wait; echo done', 'done\n'],
  ['sleep 100 & kill -0 $! && echo there; kill -KILL $!', 'there\n'],
  ['mkfifo /tmp/p; echo through > /tmp/p & cat /tmp/p; rm /tmp/p', 'through\n'],
];

async function ownInput(c: CaseContext): Promise<void> {
  const exec = await shellOf(c);
  c.equal((await exec('cat; echo end', 'from afar\n')).stdout, 'from afar\nend\n', 'what is sent is read');
  c.equal((await exec('read a; read b; echo "$b$a"', '1\n2\n3\n')).stdout, '21\n', 'line by line');
  const { stdout, stderr, code } = await exec('echo out; echo err >&2; exit 6');
  c.equal([stdout, stderr, code], ['out\n', 'err\n', 6], 'both outputs, and how it ended');
}

async function archives(c: CaseContext): Promise<void> {
  const exec = await shellOf(c);
  const make = 'mkdir -p /tmp/a/b; cd /tmp/a; echo text > b/file; chmod 640 b/file; ln -s b/file link';
  const pack = 'tar cf - . | (mkdir /tmp/out; cd /tmp/out; tar xf -)';
  const look = 'cd /tmp/out; cat link; stat -c "%a %F" b/file; readlink link; tar czf /tmp/z .; tar tzf /tmp/z | sort';
  const { stdout } = await exec(`${make}; ${pack}; ${look}; rm -r /tmp/a /tmp/out /tmp/z`);
  c.equal(stdout, 'text\n640 regular file\nb/file\n./\n./b/\n./b/file\n./link\n', 'what came out again');
}

async function processes(c: CaseContext): Promise<void> {
  const exec = await shellOf(c);
  const { stdout } = await exec(
    'sleep 77 & sleep 0.2; ps -o pid,args | awk \'$2 == "sleep" && $3 == 77 {print $2, $3}\'; kill $!',
  );
  c.equal(stdout, 'sleep 77\n', 'ps shows what runs');
  const seen = await exec(
    'tr "\\0" " " < /proc/1/cmdline | cut -c 1-10; cat /proc/$$/comm; readlink /proc/self/fd/1 | cut -c 1-5',
  );
  c.equal(seen.stdout, '/bin/sh -c\nsh\npipe:\n', 'so does /proc');
  const other = await exec('ps -o args | grep -c "^sleep 77"');
  c.equal(other.stdout, '0\n', 'what was killed has gone');
}

const needs = ['scheduler', 'programs'] as const;
const proves = 'Running commands in a container';

/** What people, scripts and probes do with a shell inside. */
export const shellCases: readonly Case[] = [
  { id: 'nodes/shell/pipes', proves, needs, run: all(pipes) },
  { id: 'nodes/shell/redirections and here-documents', proves, needs, run: all(redirections) },
  { id: 'nodes/shell/exit codes', proves, needs, run: all(exitCodes) },
  { id: 'nodes/shell/traps', proves, needs, run: all(traps) },
  { id: 'nodes/shell/background jobs', proves, needs, run: all(background) },
  { id: 'nodes/shell/has its own input and outputs', proves, needs, run: ownInput },
  { id: 'nodes/shell/tar packs and unpacks', proves, needs, run: archives },
  { id: 'nodes/shell/tells which processes run', proves, needs, run: processes },
];
