import { PassThrough } from 'node:stream';
import t from 'tap';
import { bytesOf, fromBytes } from '../files/byte-text.ts';
import { startBusybox } from './test-busybox.ts';

const prompt = '/ # ';

/** Somebody at a terminal of a container, who types when there is a prompt. */
function session(command: readonly string[]) {
  const container = startBusybox();
  let shown = '';
  const stdout = new PassThrough();
  stdout.on('data', (piece: Uint8Array) => {
    shown += fromBytes(piece).replaceAll('\r\n', '\n');
  });
  const stdin = new PassThrough();
  const { signal } = new AbortController();
  const code = container.exec(command, { stdin, stdout, stderr: undefined, isTerminal: true, signal });
  const until = async (end: string): Promise<string> => {
    for (let turn = 0; turn < 1000 && !shown.includes(end); turn++)
      await new Promise((resolve) => setTimeout(resolve, 2));
    const at = shown.indexOf(end);
    const text = shown.slice(0, at < 0 ? undefined : at);
    shown = shown.slice(text.length + end.length);
    return at < 0 ? `${text} [no ${JSON.stringify(end)}]` : text;
  };
  /** What a line brings before the next prompt. */
  const enter = async (line: string): Promise<string> => {
    stdin.write(bytesOf(`${line}\r`));
    return (await until(`\n${prompt}`)).slice(line.length).replace(/^\n/, '');
  };
  const start = async (line: string): Promise<void> => {
    stdin.write(bytesOf(`${line}\r`));
    await until(`${line}\n`);
  };
  const press = async (key: string): Promise<string> => {
    // What was started is there before its key is.
    await new Promise((resolve) => setTimeout(resolve, 20));
    stdin.write(bytesOf(key));
    return until(`\n${prompt}`);
  };
  return { code, enter, start, press, until, stop: () => container.stop(0) };
}

const shell = ['env', 'PS1=/ # ', 'sh'];

t.test('^Z stops what runs in the foreground, as a whole; fg and bg let it go on', async (t) => {
  const { enter, start, press, until, stop } = session(shell);
  await until(prompt);
  await start('sleep 100');
  t.equal(await press('\u001a'), '^Z[1]+  Stopped                    sleep 100');
  t.equal(await enter('echo $?'), '148');
  await start('sleep 50 | cat');
  t.equal(await press('\u001a'), '^Z[2]+  Stopped                    sleep 50 | cat');
  const both = '[2]+  Stopped                    sleep 50 | cat\n[1]-  Stopped                    sleep 100';
  t.equal(await enter('jobs'), both);
  t.match(await enter('jobs -l'), /^\[2\]\+ {2}\d+ Stopped +sleep 50 \| cat\n\[1\]- {2}\d+ Stopped +sleep 100$/);
  t.match(await enter('ps -o stat,args'), /T +sleep 100\nT +sleep 50\n/);
  t.equal(await enter('bg'), '[2] sleep 50 | cat');
  t.equal(
    await enter('jobs'),
    '[1]+  Stopped                    sleep 100\n[2]-  Running                    sleep 50 | cat',
  );
  await start('fg %1');
  await until('sleep 100\n');
  t.equal(await press('\u001a'), '^Z[1]+  Stopped                    sleep 100');
  await start('fg %?50');
  await until('sleep 50 | cat\n');
  t.equal(await press('\u0003'), '^C');
  t.equal(await enter('kill -9 %1'), '[1]+  Killed                     sleep 100');
  t.equal(await enter('jobs; fg'), 'sh: fg: No current job');
  t.equal(await enter('kill %3; wait %3; echo $?'), 'sh: kill: %3: no such job\nsh: wait: %3: no such job\n2');
  stop();
});

t.test('jobs are told of before the next prompt, and named in all ways', async (t) => {
  const { enter, until, stop } = session(shell);
  await until(prompt);
  t.equal(await enter('false & sleep 0.05'), '[1]+  Done(1)                    false');
  t.equal(await enter('sleep 101 & sleep 102 & sleep 103 &'), '');
  t.equal(
    await enter('jobs %-; jobs %+'),
    '[2]-  Running                    sleep 102\n[3]+  Running                    sleep 103',
  );
  t.equal(await enter('kill %sleep'), 'sh: kill: %sleep: ambiguous');
  t.equal(await enter('kill -STOP %1; sleep 0.01'), '[1]+  Stopped (signal)           sleep 101');
  t.equal(
    await enter('bg %1; kill %1; wait %1; echo $?'),
    '[1] sleep 101\n143\n[1]+  Terminated                 sleep 101',
  );
  stop();
});

t.test('who reads the terminal from the background is stopped, and reads it in the foreground', async (t) => {
  const { enter, start, press, until, stop } = session(shell);
  await until(prompt);
  t.equal(await enter('cat & sleep 0.05'), '[1]+  Stopped (tty input)        cat');
  await start('fg');
  await until('cat\n');
  await start('hello');
  t.equal(await press('\u0004'), 'hello');
  t.equal(await enter('echo $?'), '0');
  stop();
});

t.test('^Z does nothing at a prompt and in a substitution; a stopped program does nothing', async (t) => {
  const { enter, start, press, until, stop } = session(shell);
  await until(prompt);
  t.equal(await enter('\u001aecho same').then((text) => text.replace(/^.*\n/, '')), 'same');
  await start('x=$(sleep 100)');
  t.equal(await press('\u001a\u0003'), '^Z^C');
  await start('while :; do echo x >> /n; sleep 0.01; done');
  await press('\u0003');
  await start("sh -c 'while :; do echo x >> /m; sleep 0.01; done'");
  await press('\u001a');
  const lines = await enter('wc -l < /m');
  t.not(lines, '0');
  t.equal(await enter('sleep 0.1; wc -l < /m'), lines);
  t.equal(
    await enter('bg; sleep 0.1; [ $(wc -l < /m) -gt 0 ] && kill %1; wait'),
    `[1] sh -c 'while :; do echo x >> /m; sleep 0.01; done'\n[1]+  Terminated                 sh -c 'while :; do echo x >> /m; sleep 0.01; done'`,
  );
  stop();
});

t.test('a shell with stopped jobs says so before it goes', async (t) => {
  const { code, enter, start, press, until, stop } = session(shell);
  await until(prompt);
  await start('sleep 100');
  await press('\u001a');
  t.equal(await enter('exit 3'), 'You have stopped jobs.');
  await start('exit 3');
  t.equal(await code, 3);
  stop();
});

t.test('bash has words of its own for jobs', async (t) => {
  const { enter, start, press, until, stop } = session(['env', 'bash', '-c', "PS1='/ # ' exec bash -i"]);
  await until('# ');
  await enter("PS1='/ # '");
  await start('for i in 1 2; do sleep 100; done');
  t.equal(await press('\u001a'), '^Z\n[1]+  Stopped                 sleep 100');
  t.match(await enter('sleep 60 &'), /^\[2\] \d+$/);
  t.equal(await enter('jobs'), '[1]+  Stopped                 sleep 100\n[2]-  Running                 sleep 60 &');
  t.equal(await enter('jobs -r; bg'), '[2]-  Running                 sleep 60 &\n[1]+ sleep 100 &');
  t.equal(await enter('disown %1; jobs'), '[2]+  Running                 sleep 60 &');
  stop();
});

t.test('a server that is stopped answers when it goes on', async (t) => {
  const { enter, until, stop } = session(shell);
  await until(prompt);
  t.equal(await enter('mkdir /w; echo hi > /w/index.html; httpd -f -p 8080 -h /w & sleep 0.02'), '');
  t.equal(await enter('wget -qO- http://127.0.0.1:8080/'), 'hi');
  await enter('kill -STOP %1; sleep 0.01');
  t.equal(await enter('wget -T 1 -qO- http://127.0.0.1:8080/; echo $?'), 'wget: download timed out\n1');
  await enter('wget -qO /w/got http://127.0.0.1:8080/ & sleep 0.05');
  t.equal(
    await enter('cat /w/got 2>/dev/null; kill -CONT %1; wait %2; cat /w/got').then((text) => text.split('\n')[0]),
    'hi',
  );
  stop();
});
