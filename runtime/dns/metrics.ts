import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DnsCounts } from './counts.ts';

const server = 'dns://:53';

/** Under CoreDNS's names, for who scrapes `kube-dns`. */
export function metricsText({ requests, responses }: DnsCounts): string {
  const lines = (counts: ReadonlyMap<string, number>, name: string, label: string): string =>
    [...counts].map(([key, value]) => `${name}{server="${server}",zone=".",${label}="${key}"} ${value}\n`).join('');
  const header = (name: string, help: string): string => `# HELP ${name} ${help}\n# TYPE ${name} counter\n`;
  return (
    header('coredns_dns_requests_total', 'Questions asked, by type.') +
    lines(requests, 'coredns_dns_requests_total', 'type') +
    header('coredns_dns_responses_total', 'Answers given, by code.') +
    lines(responses, 'coredns_dns_responses_total', 'rcode')
  );
}

/** Speaks HTTP with whoever has connected to the port of metrics. */
export function metricsPages(counts: DnsCounts): (stream: Duplex) => void {
  const pages = createServer((request, response) => {
    const isKnown = request.url === '/metrics';
    response.writeHead(isKnown ? 200 : 404, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(isKnown ? metricsText(counts) : '404 page not found\n');
  });
  return (stream) => void pages.emit('connection', stream);
}
