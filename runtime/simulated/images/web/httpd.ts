import type { Program, ProgramContext } from '../../process.ts';
import { type HttpCall, reply, serveHttp } from '../http-service.ts';
import { tagOf } from '../image.ts';
import { lifetimeOf } from '../lifetime.ts';
import { documentRoot } from './places.ts';
import { logTime, plainType, type SiteStyle, siteAnswer } from './static-site.ts';

const newest = '2.4.65';

const pages: Readonly<Record<number, readonly [title: string, text: string]>> = {
  301: ['Moved Permanently', 'The document has moved.'],
  400: ['Bad Request', 'Your browser sent a request that this server could not understand.<br />'],
  403: ['Forbidden', "You don't have permission to access this resource."],
  404: ['Not Found', 'The requested URL was not found on this server.'],
  405: ['Method Not Allowed', 'The requested method is not allowed for this URL.'],
  416: [
    'Requested Range Not Satisfiable',
    'None of the range-specifier values in the Range request-header field overlap the current extent of the selected resource.',
  ],
};

export const httpd: Program = (context) => {
  const { args, stdout, stderr, files, network } = context;
  const version = /^2\.\d+(\.\d+)?/.exec(tagOf(context.facts.container.image ?? ''))?.[0] ?? newest;
  if (args.includes('-v')) {
    stdout.write(`Server version: Apache/${version} (Unix)\n`);
    return 0;
  }
  const [ip = '127.0.0.1'] = network.ips;
  const unsure = `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${ip}. Set the 'ServerName' directive globally to suppress this message\n`;
  stderr.write(unsure + unsure);
  notice(context, `AH00489: Apache/${version} (Unix) configured -- resuming normal operations`);
  notice(context, "AH00094: Command line: 'httpd -D FOREGROUND'");
  const style: SiteStyle = {
    root: documentRoot,
    headers: { server: `Apache/${version} (Unix)` },
    errorPage: (status) => {
      const [title, text] = pages[status] ?? [String(status), ''];
      return `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${status} ${title}</title>\n</head><body>\n<h1>${title}</h1>\n<p>${text}</p>\n</body></html>\n`;
    },
    typeOf: (path) => plainType(path, 'text/plain'),
    etagOf: (modifiedAt, size) => `"${size.toString(16)}-${(modifiedAt * 1000).toString(16)}"`,
  };
  const service = serveHttp(network, 80, (call) => {
    const answer = siteAnswer(files, call, style);
    reply(call, answer);
    logAccess(context, call, answer.status ?? 200, call.request.method === 'HEAD' ? 0 : (answer.body?.length ?? 0));
  });
  const lifetime = lifetimeOf(context, [service], (end) => {
    notice(context, 'AH00491: caught SIGTERM, shutting down');
    end(0);
  });
  context.onSignal('WINCH', () => {
    notice(context, 'AH00492: caught SIGWINCH, shutting down gracefully');
    lifetime.end(0);
  });
  return lifetime.ended;
};

function notice({ clock, stderr, pid }: ProgramContext, text: string): void {
  const [day, date, month, year, time] = new Date(clock.now()).toUTCString().replace(',', '').split(' ');
  stderr.write(`[${day} ${month} ${date} ${time}.000000 ${year}] [mpm_event:notice] [pid ${pid}:tid ${pid}] ${text}\n`);
}

function logAccess({ stdout, clock }: ProgramContext, { request, flow }: HttpCall, status: number, size: number): void {
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
  stdout.write(`${flow.from.ip} - - [${logTime(clock.now())}] "${line}" ${status} ${size === 0 ? '-' : size}\n`);
}
