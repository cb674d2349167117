import { PassThrough } from 'node:stream';
import t from 'tap';
import type { ProcessStreams, TerminalSize } from '../../api/streams/node-connection.ts';
import { bytesOf, fromBytes } from '../files/byte-text.ts';
import type { Container, Pod } from '../kubelet/pod-runtime.ts';
import { createNetwork } from '../network/create-network.ts';
import { startTestContainer } from './test-container.ts';

const clock = {
  now: () => Date.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
const random = { next: () => Math.random(), uuid: () => '00000000-0000-4000-8000-000000000000' };

function start(container: Partial<Container>, pod: Readonly<Pod> = {}) {
  const logged = { stdout: '', stderr: '' };
  const started = startTestContainer({
    clock,
    random,
    network: createNetwork({ hostIp: '172.18.0.1' }).open({ node: 'node-0', ips: ['10.0.0.2'] }),
    container: { name: 'main', image: 'busybox', ...container },
    pod,
    log: (stream, text) => {
      logged[stream] += text;
    },
  });
  return { ...started, logged };
}

/** The far ends of what a program reads and writes. */
function ends(isTerminal = false) {
  const written = { out: '', err: '' };
  const into = (name: keyof typeof written): PassThrough => {
    const stream = new PassThrough();
    stream.on('data', (piece: Uint8Array) => {
      written[name] += fromBytes(piece);
    });
    return stream;
  };
  const stdin = new PassThrough();
  const abort = new AbortController();
  let resize: (size: TerminalSize) => void = () => undefined;
  const streams: ProcessStreams = {
    stdin,
    stdout: into('out'),
    ...(isTerminal ? {} : { stderr: into('err') }),
    isTerminal,
    onResize: (callback) => {
      resize = callback;
    },
    signal: abort.signal,
  };
  return {
    streams,
    written,
    abort,
    resize: (size: TerminalSize) => resize(size),
    type: (keys: string) => stdin.write(bytesOf(keys)),
    end: () => stdin.end(),
  };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !isSo(); turn++) await new Promise((resolve) => setTimeout(resolve, 5));
}

const idle = { command: ['sleep', '1000'] };

t.test('a loop writes to the log until its trap ends it', async (t) => {
  const script = 'trap "echo bye; exit 3" TERM; while true; do echo tick; sleep 0.01; done';
  const one = start({ command: ['sh', '-c', script] });
  await until(() => one.logged.stdout.includes('tick\ntick\n'));
  one.stop(5000);
  t.same(await one.exited, { exitCode: 3, reason: 'Error' });
  t.match(one.logged.stdout, /tick\nbye\n$/);
});

t.test('the first process hears no signal that it does not handle, and is killed after the grace', async (t) => {
  const one = start({ command: ['sh', '-c', 'sleep 1000; echo never'] });
  const { streams } = ends();
  t.equal(await one.exec(['kill', '1'], streams), 0);
  t.equal(await one.exec(['kill', '-9', '1'], ends().streams), 0);
  const startedAt = Date.now();
  one.stop(100);
  t.same(await one.exited, { exitCode: 137, reason: 'Error' });
  t.ok(Date.now() - startedAt >= 95);
});

t.test('a program beside the first has streams of bytes and an exit code', async (t) => {
  const one = start(idle);
  const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
    .join('')
    .repeat(1000);
  const cat = ends();
  cat.type(bytes);
  cat.end();
  t.equal(await one.exec(['cat'], cat.streams), 0);
  await until(() => cat.written.out.length === bytes.length);
  t.ok(cat.written.out === bytes);
  t.equal(await one.exec(['sh', '-c', 'exit 7'], ends().streams), 7);
  const words = 'OCI runtime exec failed: exec failed: unable to start container process: exec:';
  await t.rejects(one.exec(['none'], ends().streams), {
    message: `${words} "none": executable file not found in $PATH`,
  });
  await t.rejects(one.exec(['/none'], ends().streams), {
    message: `${words} "/none": stat /none: no such file or directory`,
  });
  one.stop(0);
  await one.exited;
  await t.rejects(one.exec(['true'], ends().streams));
});

t.test('a terminal echoes, edits lines, sends signals and knows its size', async (t) => {
  const one = start(idle);
  const tty = ends(true);
  const code = one.exec(['sh'], tty.streams);
  const shows = async (text: string): Promise<void> => {
    await until(() => tty.written.out.endsWith(text));
    t.equal(tty.written.out, text);
    tty.written.out = '';
  };
  await shows('/ # ');
  tty.resize({ width: 100, height: 40 });
  await shows('\r/ # \u001b[J');
  tty.type('stty sizf\u007fe\r');
  await shows('stty sizf\b\u001b[Je\r\n40 100\r\n/ # ');
  tty.type('cat\r');
  await shows('cat\r\n');
  tty.type('ab\u007fc\r');
  await shows('ab\b \bc\r\nac\r\n');
  tty.type('\u0004');
  await shows('/ # ');
  tty.type('sleep 100\r');
  await shows('sleep 100\r\n');
  tty.type('\u0003');
  await shows('^C\r\n/ # ');
  tty.type('echo $?\r');
  await shows('echo $?\r\n130\r\n/ # ');
  tty.type('\u001b[A\u001b[A\u0003');
  await until(() => tty.written.out.endsWith('^C\r\n/ # '));
  tty.written.out = '';
  tty.type('for i in 1 2\rdo echo $i; done\r');
  await shows('for i in 1 2\r\n> do echo $i; done\r\n1\r\n2\r\n/ # ');
  tty.type('exit 5\r');
  t.equal(await code, 5);
  one.stop(0);
});

t.test('whoever attaches reads what the first process writes, and types what it reads', async (t) => {
  const one = start({
    command: ['sh', '-c', 'while read l; do echo "got $l"; done; echo end'],
    stdin: true,
    stdinOnce: true,
  });
  const first = ends();
  const over = one.attach(first.streams);
  first.type('a\n');
  await until(() => first.written.out === 'got a\n');
  first.end();
  t.same(await one.exited, { exitCode: 0, reason: 'Completed' });
  await over;
  await until(() => first.written.out.endsWith('end\n'));
  t.equal(first.written.out, 'got a\nend\n');
  t.equal(one.logged.stdout, 'got a\nend\n');
});

t.test('users have rights by the modes of files, and a read-only root is read-only for all', async (t) => {
  const securityContext = { runAsUser: 1000, runAsGroup: 2000, readOnlyRootFilesystem: true };
  const one = start({ ...idle, securityContext }, { spec: { containers: [], securityContext: { fsGroup: 3000 } } });
  const run = async (script: string): Promise<string> => {
    const { streams, written } = ends();
    await one.exec(['sh', '-c', script], streams);
    await new Promise((resolve) => setImmediate(resolve));
    return written.out + written.err;
  };
  t.equal(await run('id'), 'uid=1000 gid=2000 groups=2000,3000\n');
  t.match(one.user, { uid: 1000, gid: 2000, groups: [2000, 3000] });
  t.equal(await run('cat /etc/shadow'), "cat: can't open '/etc/shadow': Permission denied\n");
  t.equal(await run('touch /tmp/x'), 'touch: /tmp/x: Read-only file system\n');
  t.equal(await run('ls /root'), "ls: can't open '/root': Permission denied\n");
  t.match(await run('echo x > /etc/passwd'), /can't create \/etc\/passwd: (Permission denied|Read-only file system)/);
  t.equal(await run('echo x > /dev/termination-log; cat /dev/termination-log'), 'x\n');
  one.stop(0);
});

t.test('processes see each other, their own place in /proc, and what is mounted', async (t) => {
  const one = start(idle);
  const run = async (script: string): Promise<string> => {
    const { streams, written } = ends();
    await one.exec(['sh', '-c', script], streams);
    await new Promise((resolve) => setImmediate(resolve));
    return written.out + written.err;
  };
  t.match(await run('ps'), /^PID {3}USER {5}TIME {2}COMMAND\n {4}1 root {6}0:00 sleep 1000\n/);
  t.equal(await run('tr "\\0" " " < /proc/1/cmdline'), 'sleep 1000 ');
  t.equal(
    await run(
      'sleep 100 & pgrep sleep | wc -l; pkill -f "sleep 100$"; wait 2>/dev/null; pgrep -c sleep 2>/dev/null; true',
    ),
    '2\n1\n',
  );
  t.match(await run('cat /proc/self/status'), /^Name:\tcat\n/);
  t.match(await run('mount'), /^overlay on \/ type overlay \(rw,relatime\)\n/);
  t.match(await run('cat /proc/1/environ | tr "\\0" "\\n"'), /^/);
  one.stop(0);
});

t.test('a stopped process stands still until it is told to go on, and signals wait for that', async (t) => {
  const one = start(idle);
  const { streams, written } = ends();
  const script = `(while :; do echo >> /tmp/n; sleep 0.01; done) & p=$!
    sleep 0.1; kill -STOP $p; sleep 0.05; a=$(wc -l < /tmp/n); sleep 0.1
    [ $a = $(wc -l < /tmp/n) ] && echo stands; grep State /proc/$p/status
    kill -CONT $p; sleep 0.1; [ $a != $(wc -l < /tmp/n) ] && echo goes on
    kill -STOP $p; kill $p; sleep 0.02; kill -0 $p && echo waits; kill -CONT $p; wait $p; echo $?
    sleep 0.05 & kill -STOP $!; kill -KILL $!; wait $!; echo $?; kill -STOP 1; grep State /proc/1/status`;
  await one.exec(['sh', '-c', script], streams);
  t.equal(written.out, 'stands\nState:\tT (stopped)\ngoes on\nwaits\n143\n137\nState:\tS (sleeping)\n');
  one.stop(0);
});

t.test('what is written to an image by one container is not there for the next', async (t) => {
  const one = start(idle);
  const { streams } = ends();
  await one.exec(
    ['sh', '-c', 'rm -rf /bin/cal; echo new > /etc/passwd; dd if=/dev/zero of=/big bs=1M count=200 2>/dev/null'],
    streams,
  );
  t.equal(one.readFile('/etc/passwd'), 'new\n');
  t.ok((one.readFile('/big')?.length ?? 0) <= 128 * 2 ** 20, 'its layer has an end');
  one.stop(0);
  const other = start(idle);
  t.match(other.readFile('/etc/passwd'), /^root:/);
  other.stop(0);
});
