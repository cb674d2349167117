import { sleep } from '../../../client/sleep.ts';
import type { Program } from '../../process.ts';
import { serveFiles } from '../file-server.ts';
import { serveHttp } from '../http-service.ts';
import { killedByTerm, lifetimeOf } from '../lifetime.ts';
import { piDigits } from './pi.ts';

/** Of an image whose only program has the set-user-ID bit. */
export const noNewPrivileges: Program = ({ stdout, user, facts }) => {
  const isHeld = facts.container.securityContext?.allowPrivilegeEscalation === false;
  stdout.write(`Effective uid: ${isHeld ? user.uid : 0}\n`);
  return 0;
};

export const helloWorld: Program = ({ stdout }) => {
  stdout.write('\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n');
  return 0;
};

/** Knows one calculation, that of Kubernetes' examples of Jobs. */
export const perl: Program = ({ args, stdout, stderr }) => {
  const [, digits] = /\bbpi\((\d+)\)/.exec(args.join(' ')) ?? [];
  if (digits === undefined) {
    stderr.write('perl: this simulated program knows only `print bpi(N)`\n');
    return 255;
  }
  stdout.write(`${piDigits(Math.min(Number(digits), 20_000))}\n`);
  return 0;
};

/** `python -m http.server`; scripts are beyond it. */
export const python: Program = (context) => {
  const { args, cwd, files, network, stdout, stderr, clock } = context;
  const words = args.slice(1);
  if (words[0] === '--version' || words[0] === '-V') {
    stdout.write('Python 3.14.0\n');
    return 0;
  }
  const at = words.indexOf('-m');
  if (words[at + 1] !== 'http.server') {
    if (words.length === 0) return 0;
    stderr.write('python: this simulated program knows only `-m http.server`\n');
    return 1;
  }
  const port = Number(words.slice(at + 2).find((word) => /^\d+$/.test(word)) ?? 8000);
  const folder = words[words.findIndex((word) => word === '-d' || word === '--directory') + 1];
  const root = words.some((word) => word === '-d' || word === '--directory') ? (folder ?? cwd) : cwd;
  stdout.write(`Serving HTTP on 0.0.0.0 port ${port} (http://0.0.0.0:${port}/) ...\n`);
  const service = serveHttp(network, port, (call) => {
    const { request, flow, response } = call;
    response.once('finish', () => {
      const time = new Date(clock.now()).toUTCString().slice(5, 25).replace(/ /, '/').replace(/ /, '/');
      stderr.write(
        `${flow.from.ip} - - [${time}] "${request.method} ${request.url} HTTP/1.1" ${response.statusCode} -\n`,
      );
    });
    serveFiles(files, root, call, { server: 'SimpleHTTP/0.6 Python/3.14.0' });
  });
  return lifetimeOf(context, [service], (end) => end(killedByTerm)).ended;
};

const batchMs = 120_000;

/** Two minutes of work. */
export const batchJob: Program = async ({ stdout, clock, killed }) => {
  stdout.write(`${new Date(clock.now()).toUTCString()} Batch job starting\n`);
  await sleep(clock, batchMs, killed);
  stdout.write(`${new Date(clock.now()).toUTCString()} Finished succesfully\n`);
  return 0;
};
