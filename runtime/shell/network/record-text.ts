import type { DnsRecord } from '../../dns/records.ts';

/** A record's data as a zone file has it. */
export function dataText({ type, data }: DnsRecord): string {
  switch (type) {
    case 'A':
    case 'AAAA':
      return data;
    case 'TXT':
      return `"${data}"`;
    case 'SRV':
      return `${data.priority} ${data.weight} ${data.port} ${data.target}.`;
    case 'SOA':
      return `${data.mname}. ${data.rname}. ${data.serial} ${data.refresh} ${data.retry} ${data.expire} ${data.minimum}`;
    default:
      return `${data}.`;
  }
}
