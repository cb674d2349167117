import { Readable } from 'node:stream';
import type { NodeResponse } from '../../../api/streams/node-connection.ts';
import type { LogBuffer } from '../logs/log-buffer.ts';
import { readLog } from '../logs/log-reader.ts';
import type { KubeletHost } from './kubelet-host.ts';
import { noPage, type PageCall, page } from './page.ts';

const htmlType = 'text/html; charset=utf-8';

/** `/var/log` of a node, as far as there is one: pods' logs under `containers/` and `pods/`. */
interface Folder {
  readonly [name: string]: Folder | LogBuffer;
}

function isFolder(entry: Folder | LogBuffer): entry is Folder {
  return !('storedBytes' in entry);
}

function escaped(name: string): string {
  return name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;');
}

function listing(folder: Folder): string {
  const names = Object.entries(folder).map(([name, entry]) => (isFolder(entry) ? `${name}/` : name));
  const lines = names.sort().map((name) => `<a href="${encodeURI(name)}">${escaped(name)}</a>\n`);
  return `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${lines.join('')}</pre>\n`;
}

function logFolder(host: KubeletHost): Folder {
  const containers: Record<string, LogBuffer> = {};
  const pods: Record<string, Folder> = {};
  for (const hosted of host.hostedPods()) {
    const { name = '', namespace = '', uid = '' } = hosted.pod.metadata ?? {};
    const ofPod: Record<string, Folder> = {};
    for (const { spec, logs, id, restarts } of hosted.containers()) {
      if (logs.newest === undefined) continue;
      ofPod[spec.name ?? ''] = { [`${restarts}.log`]: logs.newest };
      containers[`${name}_${namespace}_${spec.name}-${id.replace(/^.*:\/\//, '')}.log`] = logs.newest;
    }
    pods[`${namespace}_${name}_${uid}`] = ofPod;
  }
  return { containers, pods };
}

/** `/logs/…`: lists folders, shows files. */
export function nodeLogs(host: KubeletHost, { request, path }: PageCall, inner: string): NodeResponse {
  let entry: Folder | LogBuffer = logFolder(host);
  for (const name of inner.split('/').filter((part) => part !== '')) {
    const next: Folder | LogBuffer | undefined = isFolder(entry) ? entry[name] : undefined;
    if (next === undefined) return noPage();
    entry = next;
  }
  if (!isFolder(entry)) {
    const options = { follow: false, previous: false, timestamps: true };
    const body = readLog(entry, options, host.clock.now(), request.signal);
    return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
  }
  if (!path.endsWith('/')) {
    const last = path.slice(path.lastIndexOf('/') + 1);
    return { status: 301, headers: { location: `${last}/` }, body: Readable.from([]) };
  }
  return page(200, listing(entry), htmlType);
}
