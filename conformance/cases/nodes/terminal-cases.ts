import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { openWebSocket, type WireSocket } from '../../runner/web-socket.ts';
import { idle, ofContainer, runPod, shell } from './running-pod.ts';

const [input, output, failure, resize] = [0, 1, 3, 4];

/** A person at a terminal. */
interface Typist {
  type(text: string): void;
  resize(width: number, height: number): void;
  /** Waits for something that has not been read yet, and reads up to it. */
  sees(text: string): Promise<void>;
  /** What the program ended with. */
  readonly ended: Promise<Readonly<Record<string, unknown>>>;
}

function channel(messages: readonly Buffer[], number: number | undefined): string {
  return Buffer.concat(messages.filter(([first]) => first === number).map((message) => message.subarray(1))).toString();
}

function typist(c: CaseContext, socket: WireSocket): Typist {
  let read = 0;
  const send = (number: number | undefined, text: string): void =>
    socket.send(Buffer.concat([Buffer.of(number ?? 0), Buffer.from(text)]));
  return {
    type: (text) => send(input, text),
    resize: (width, height) => send(resize, JSON.stringify({ Width: width, Height: height })),
    sees: async (text) => {
      await c.eventually(`the terminal shows ${JSON.stringify(text)}`, async () => {
        const at = channel(socket.received, output).indexOf(text, read);
        if (at >= 0) read = at + text.length;
        return at >= 0;
      });
    },
    ended: socket.messages.then((messages) => JSON.parse(channel(messages, failure))),
  };
}

async function terminals(c: CaseContext): Promise<void> {
  const pod = await runPod(c, { containers: [shell('c', idle)] });
  await pod.until('it runs', (status) => ofContainer(status, 'c')?.state.running !== undefined);
  const query = 'container=c&stdin=true&stdout=true&tty=true&command=sh';
  const at = typist(c, await openWebSocket(c, `${pod.path}/exec?${query}`, 'v5.channel.k8s.io'));
  const prompt = '# ';
  await at.sees(prompt);
  at.resize(101, 37);
  at.type('sleep 0.3; stty size; tty\r');
  await at.sees('stty size; tty\r\n');
  await at.sees('37 101\r\n');
  await at.sees('/dev/pts/');
  await at.sees(prompt);
  at.resize(80, 24);
  at.type('sleep 0.3; stty size\r');
  await at.sees('24 80\r\n');
  await at.sees(prompt);

  at.type('echo one twp\x7fo thr\x15echo line-$((40+2))\r');
  await at.sees('line-42\r\n');
  await at.sees(prompt);

  at.type('sleep 100\r');
  await at.sees('sleep 100\r\n');
  await sleep(300);
  at.type('\x03');
  await at.sees('^C');
  await at.sees(prompt);
  at.type('echo code-$?\r');
  await at.sees('code-130\r\n');
  await at.sees(prompt);

  at.type('cat; echo after-$?\r');
  await at.sees('after-$?\r\n');
  await sleep(300);
  at.type('a word\r');
  await at.sees('a word\r\na word\r\n');
  at.type('\x04');
  await at.sees('after-0\r\n');
  await at.sees(prompt);

  at.type('exit 3\r');
  const { status, details } = (await at.ended) as { status: string; details: { causes: readonly object[] } };
  c.equal([status, details.causes], ['Failure', [{ reason: 'ExitCode', message: '3' }]], 'the exit code');
  await pod.remove();
}

export const terminalCases: readonly Case[] = [
  { id: 'nodes/exec/shells have a terminal to work at', needs: ['programs'], run: terminals },
];
