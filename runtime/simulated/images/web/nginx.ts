import { NetworkError } from '../../../network/network.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { type HttpCall, reply, serveHttp } from '../http-service.ts';
import { tagOf } from '../image.ts';
import { lifetimeOf } from '../lifetime.ts';
import { siteRoot } from './places.ts';
import { logTime, plainType, type SiteStyle, siteAnswer } from './static-site.ts';

const newest = '1.29.3';

const texts: Readonly<Record<number, string>> = {
  301: '301 Moved Permanently',
  400: '400 Bad Request',
  403: '403 Forbidden',
  404: '404 Not Found',
  405: '405 Not Allowed',
  416: '416 Requested Range Not Satisfiable',
};

/** As the image's tag has it. */
function versionOf({ facts }: ProgramContext): string {
  const [version] = /^\d+\.\d+(\.\d+)?/.exec(tagOf(facts.container.image ?? '')) ?? [];
  if (version === undefined) return newest;
  return version.split('.').length === 2 ? `${version}.0` : version;
}

/** The image's script, which prepares and becomes its arguments. */
export const entrypoint: Program = (context) => {
  const { args, stdout } = context;
  const [command = '', ...rest] = args.slice(1);
  if (/(^|\/)nginx(-debug)?$/.test(command)) {
    stdout.write('/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration\n');
    stdout.write('/docker-entrypoint.sh: Configuration complete; ready for start up\n');
  }
  return context.become({ args: [command, ...rest] });
};

const signals: Readonly<Record<string, string>> = { quit: 'QUIT', stop: 'TERM', reload: 'HUP', reopen: 'USR1' };

export const nginx: Program = async (context) => {
  const { args, stderr } = context;
  const version = versionOf(context);
  const flag = args[1] ?? '';
  if (flag === '-v' || flag === '-V') {
    stderr.write(`nginx version: nginx/${version}\n`);
    return 0;
  }
  if (flag === '-t' || flag === '-T') {
    const file = '/etc/nginx/nginx.conf';
    stderr.write(
      `nginx: the configuration file ${file} syntax is ok\nnginx: configuration file ${file} test is successful\n`,
    );
    return 0;
  }
  if (flag === '-s') {
    const signal = signals[args[2] ?? ''];
    if (signal === undefined) {
      stderr.write(`nginx: invalid option: "-s ${args[2] ?? ''}"\n`);
      return 1;
    }
    if (signal === 'HUP') notice(context, 'signal process started');
    context.kill(1, signal);
    return 0;
  }
  const isForeground = args.some((word) => /daemon\s+off\s*;/.test(word));
  if (isForeground) return serve(context, version);
  context.spawn({ args: ['nginx: master process nginx'], program: (child) => serve(child, version) });
  return 0;
};

function notice({ clock, stderr, pid }: ProgramContext, text: string): void {
  const at = new Date(clock.now()).toISOString();
  stderr.write(`${at.slice(0, 10).replaceAll('-', '/')} ${at.slice(11, 19)} [notice] ${pid}#${pid}: ${text}\n`);
}

/** Of the configuration, only where it listens and where the files are is heeded. */
function settingsOf({ files }: ProgramContext): { readonly ports: readonly number[]; readonly root: string } {
  const folder = '/etc/nginx/conf.d';
  const names = files.list(folder).filter((name) => name.endsWith('.conf'));
  const text = names
    .map((name) => files.read(`${folder}/${name}`) ?? '')
    .join('\n')
    .replaceAll(/#.*$/gm, '');
  const ports = [...text.matchAll(/\blisten\s+(?:[\d.]+:|\[::\]:)?(\d+)/g)].map(([, port]) => Number(port));
  return {
    ports: ports.length > 0 ? [...new Set(ports)] : [80],
    root: /\broot\s+([^;\s]+)\s*;/.exec(text)?.[1] ?? siteRoot,
  };
}

async function serve(context: ProgramContext, version: string): Promise<number> {
  const { network, files } = context;
  for (const text of ['using the "epoll" event method', `nginx/${version}`, 'start worker processes'])
    notice(context, text);
  const settings = settingsOf(context);
  const style: SiteStyle = {
    root: settings.root,
    headers: { server: `nginx/${version}` },
    errorPage: (status) => {
      const text = texts[status] ?? String(status);
      const head = `<html>\r\n<head><title>${text}</title></head>\r\n<body>\r\n<center><h1>${text}</h1></center>\r\n`;
      return `${head}<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`;
    },
    typeOf: (path) => plainType(path, 'application/octet-stream'),
    etagOf: (modifiedAt, size) => `"${Math.floor(modifiedAt / 1000).toString(16)}-${size.toString(16)}"`,
  };
  const services: { close(): void }[] = [];
  for (const port of settings.ports) {
    try {
      const service = serveHttp(network, port, (call) => {
        const answer = siteAnswer(files, call, style);
        reply(call, answer);
        logAccess(context, call, answer.status ?? 200, call.request.method === 'HEAD' ? 0 : (answer.body?.length ?? 0));
      });
      services.push(service);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      context.stderr.write(`nginx: [emerg] bind() to 0.0.0.0:${port} failed (98: Address already in use)\n`);
      return 1;
    }
  }
  const lifetime = lifetimeOf(context, services, (end) => {
    notice(context, 'signal 15 (SIGTERM) received, exiting');
    end(0);
  });
  context.onSignal('QUIT', () => {
    notice(context, 'signal 3 (SIGQUIT) received, shutting down');
    lifetime.end(0);
  });
  context.onSignal('HUP', () => notice(context, 'signal 1 (SIGHUP) received, reconfiguring'));
  return lifetime.ended;
}

function logAccess({ stdout, clock }: ProgramContext, { request, flow }: HttpCall, status: number, size: number): void {
  const { 'user-agent': agent = '-', referer = '-', 'x-forwarded-for': via = '-' } = request.headers;
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
  stdout.write(
    `${flow.from.ip} - - [${logTime(clock.now())}] "${line}" ${status} ${size} "${referer}" "${agent}" "${via}"\n`,
  );
}
