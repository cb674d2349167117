import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import { startBusybox } from '../../test-busybox.ts';

function desk() {
  const container = startBusybox();
  /** A program on a terminal of 40 by 8. */
  const open = (command: readonly string[]) => {
    const screen = createScreen();
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    stdout.on('data', (piece: Uint8Array) => screen.write(fromBytes(piece)));
    const code = container.exec(command, {
      stdin,
      stdout,
      stderr: undefined,
      isTerminal: true,
      onResize: (resize) => resize({ width: 40, height: 8 }),
      signal: new AbortController().signal,
    });
    const begun = async (): Promise<void> => {
      for (let turn = 0; turn < 400 && screen.rows().every((row) => row === ''); turn++) await pause(5);
    };
    const type = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) {
        stdin.write(bytesOf(key));
        // Escape alone is told from the start of a sequence by what does not follow.
        await pause(key.endsWith('\u001b') ? 60 : 5);
      }
    };
    return { screen, begun, type, code };
  };
  return { files: container.files, open, stop: () => container.stop(0) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What somebody sees: as much of a terminal as an editor needs. */
function createScreen() {
  let rows: string[] = [];
  let [row, col] = [0, 0];
  const move = (numbers: string, letter: string): void => {
    const [first = 1, second = 1] = numbers.split(';').map((number) => Number(number) || 1);
    if (letter === 'H') [row, col] = [first - 1, second - 1];
    if (letter === 'J') rows = rows.slice(0, row);
    if (letter === 'K') rows[row] = (rows[row] ?? '').slice(0, col);
  };
  const put = (char: string): void => {
    if (char === '\r') col = 0;
    else if (char === '\n') row++;
    else {
      const line = (rows[row] ?? '').padEnd(col);
      rows[row] = line.slice(0, col) + char + line.slice(col + 1);
      col++;
    }
  };
  return {
    write: (text: string) => {
      const [plain = '', ...pieces] = text.split('\u001b[');
      for (const char of plain) put(char);
      for (const piece of pieces) {
        const [whole = '', numbers = '', letter = ''] = /^(\??[\d;]*)([A-Za-z])/.exec(piece) ?? [];
        move(numbers, letter);
        for (const char of piece.slice(whole.length)) put(char);
      }
    },
    rows: () => Array.from({ length: 8 }, (_, at) => (rows[at] ?? '').trimEnd()),
    cursor: () => [row, col],
  };
}

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded-keys.json'), 'utf8')) as {
  readonly text: string;
  readonly keys: readonly (readonly [keys: string, text: string])[];
};

t.test('keys make of a text what they make of it in busybox', async (t) => {
  const { files, open, stop } = desk();
  await Promise.all(
    recorded.keys.map(async ([keys, text], at) => {
      files.write(`/text-${at}`, recorded.text);
      const { begun, type, code } = open(['vi', `/text-${at}`]);
      await begun();
      await type(keys, '\u001b', ':wq\r');
      t.equal(await Promise.race([code, pause(2000)]), 0, JSON.stringify(keys));
      t.equal(files.read(`/text-${at}`), text, JSON.stringify(keys));
    }),
  );
  stop();
});

t.test('the screen shows the text, where it is, and what went wrong', async (t) => {
  const { files, open, stop } = desk();
  files.write('/f', 'one\n\ttwo\n');
  const { screen, begun, type, code } = open(['vi', '/f']);
  await begun();
  t.strictSame(screen.rows(), ['one', '        two', '~', '~', '~', '~', '~', '- /f 1/2 50%']);
  await type('jx', 'i', 'ab');
  t.equal(screen.rows()[7], 'I /f [Modified] 2/2 100%');
  t.equal(screen.rows()[1], 'abtwo');
  await type('\u001b', ':q\r');
  t.equal(screen.rows()[7], 'No write since last change (:q! overrides)');
  await type('/none\r');
  t.equal(screen.rows()[7], 'Pattern not found');
  await type(':w /nowhere/x\r');
  t.equal(screen.rows()[7], "'/nowhere/x' No such file or directory");
  await type(':w\r');
  t.equal(screen.rows()[7], "'/f' 2L, 10C");
  await type('gg', '\u001b[B', '\u001b[C');
  t.strictSame(screen.cursor(), [1, 1]);
  await type('ZZ');
  t.equal(await code, 0);
  t.equal(files.read('/f'), 'one\nabtwo\n');
  stop();
});

t.test('^Z leaves it and fg comes back to it, killed or not the shell has its terminal', async (t) => {
  const { open, files, stop } = desk();
  const { screen, begun, type, code } = open(['sh']);
  await begun();
  await type('vi /new\r');
  await pause(30);
  await type('ihello', '\u001b');
  t.equal(screen.rows()[7], '- /new [Modified] 1/1 100%');
  await type('\u001a', 'jobs > /jobs\r');
  t.match(files.read('/jobs'), /^\[1\]\+ {2}Stopped .* vi \/new\n$/);
  await type('fg\r', ':wq\r', 'cat /new > /copy\r');
  t.equal(files.read('/copy'), 'hello\n');
  await type('vi /new & sleep 0.02; jobs > /jobs; kill -9 %1; sleep 0.01\r', 'stty size > /size\r');
  await pause(50);
  t.match(files.read('/jobs'), /Stopped \(tty output\) /);
  t.equal(files.read('/size'), '8 40\n');
  await type('exit 4\r');
  t.equal(await code, 4);
  stop();
});

t.test('less goes there and back, more goes on; both are cat without a terminal', async (t) => {
  const { open, files, stop } = desk();
  files.write('/lines', Array.from({ length: 30 }, (_, at) => `line ${at + 1}\n`).join(''));
  const less = open(['sh', '-c', 'cat /lines | less']);
  await less.begun();
  await pause(10);
  t.equal(less.screen.rows()[0], 'line 1');
  t.equal(less.screen.rows()[7], ':');
  await less.type(' ', 'j');
  t.equal(less.screen.rows()[0], 'line 9');
  await less.type('k', '/line 20\r');
  t.equal(less.screen.rows()[0], 'line 20');
  await less.type('G');
  t.equal(less.screen.rows()[7], '(END)');
  await less.type('q');
  t.equal(await less.code, 0);
  const more = open(['more', '/lines']);
  await more.begun();
  await more.type(' ', '\r', 'q');
  t.equal(await more.code, 0);
  const piped = open(['sh', '-c', 'less /lines | wc -l > /count']);
  await piped.code;
  t.equal(files.read('/count'), '30\n');
  stop();
});
