import type { Api } from '../../api/object.ts';

export type Service = Api<'io.k8s.api.core.v1.Service'>;
export type EndpointSlice = Api<'io.k8s.api.discovery.v1.EndpointSlice'>;

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'PTR' | 'TXT' | 'SOA' | 'NS';

export interface SrvData {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export interface SoaData {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** A resource record; names have no dot at their end. */
export type DnsRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS' | 'TXT'; readonly data: string }
  | { readonly type: 'SRV'; readonly data: SrvData }
  | { readonly type: 'SOA'; readonly data: SoaData }
);

export interface DnsQuestion {
  readonly name: string;
  /** As `dig` writes it. */
  readonly type: string;
}

export interface DnsReply {
  readonly code: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'FORMERR' | 'NOTIMP';
  readonly isAuthoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** Where the cluster's records come from; each is asked for by key, and only for a question. */
export interface DnsSource {
  hasNamespace(name: string): boolean;
  service(namespace: string, name: string): Readonly<Service> | undefined;
  slicesOf(namespace: string, service: string): readonly Readonly<EndpointSlice>[];
  /** By a cluster address. */
  serviceAt(ip: string): Readonly<Service> | undefined;
  /** With this address among their endpoints. */
  slicesAt(ip: string): readonly Readonly<EndpointSlice>[];
  hasPod(namespace: string, ip: string): boolean;
  /** Grows with each change. */
  readonly serial: number;
}
