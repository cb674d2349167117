import { type Image, lazily } from '../image.ts';

const server = lazily(async () => (await import('./sample-apiserver.ts')).sampleApiServer);
const etcd = lazily(async () => (await import('./etcd.ts')).etcd);

export const apiImages: Readonly<Record<string, Image>> = {
  'sample-apiserver': { entrypoint: ['/sample-apiserver'], hasShell: false, programs: { '/sample-apiserver': server } },
  etcd: { command: ['/usr/local/bin/etcd'], programs: { '/usr/local/bin/etcd': etcd } },
};
