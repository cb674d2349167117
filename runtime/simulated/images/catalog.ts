import { bindPrograms } from '../../shell/network/tools.ts';
import { agnhostImage } from './agnhost/image.ts';
import { apiImages } from './api/image.ts';
import { appImages } from './apps/image.ts';
import { databaseImages } from './databases/image.ts';
import { type Image, lazily, shortName } from './image.ts';
import { lifetimeOf } from './lifetime.ts';
import { distributions, writeRelease } from './os-release.ts';
import { redisImages } from './redis/image.ts';
import { idleWords } from './unknown-work.ts';
import { httpdImage, nginxImage } from './web/image.ts';

/** Images of which the shell is all that there is to run. */
const shellImage: Image = { command: ['sh'] };

/** Of those that look for names. */
const dnsToolsImage: Image = { command: ['sh'], programs: bindPrograms };

const releasedImages = Object.fromEntries(
  distributions.map((id): [string, Image] => [id, { ...shellImage, files: (tree) => writeRelease(tree, id) }]),
);

/** curl, unless the words name another program. */
const curlImage: Image = {
  entrypoint: ['/entrypoint.sh'],
  command: ['curl'],
  programs: {
    '/entrypoint.sh': (context) => {
      const words = context.args.slice(1);
      const isOwn = /^-|:\/\//.test(words[0] ?? '-');
      return context.become({ args: isOwn ? ['curl', ...words] : words });
    },
  },
};

/** What shows a picture to whoever asks, and which. */
const pictureImage = (picture: string): Image => ({
  ...agnhostImage,
  command: ['test-webserver'],
  files: (tree) => {
    agnhostImage.files?.(tree);
    tree.write(`/${picture}`, '');
    tree.write('/data.json', `{\n  "image": "${picture}"\n}\n`);
  },
});

const images: Readonly<Record<string, Image>> = {
  ...releasedImages,
  ...apiImages,
  ...appImages,
  ...databaseImages,
  ...redisImages,
  agnhost: agnhostImage,
  curl: curlImage,
  'curl-base': curlImage,
  coredns: {
    entrypoint: ['/coredns'],
    hasShell: false,
    programs: { '/coredns': lazily(async () => (await import('./coredns/coredns.ts')).coredns) },
  },
  pause: {
    entrypoint: ['/pause'],
    hasShell: false,
    programs: { '/pause': (context) => lifetimeOf(context).ended },
    idleWords: () => '',
  },
  'glibc-dns-testing': dnsToolsImage,
  'jessie-dnsutils': dnsToolsImage,
  dnsutils: dnsToolsImage,
  netshoot: dnsToolsImage,
  nautilus: pictureImage('nautilus.jpg'),
  kitten: pictureImage('kitten.jpg'),
  nginx: nginxImage(80),
  'nginx-new': nginxImage(80),
  'nginx-slim': nginxImage(80),
  'nginx-unprivileged': nginxImage(8080),
  httpd: httpdImage,
};

const shells = new Set([
  'busybox',
  'bash',
  'oraclelinux',
  'opensuse',
  'archlinux',
  'ubi8',
  'ubi9',
  'ubi-minimal',
  'toybox',
  'debian-base',
  'busyboxplus',
]);

/** Any image is known by the last part of its name. Undefined: nobody knows it. */
export function imageOf(name: string): Image | undefined {
  const short = shortName(name);
  if (Object.hasOwn(images, short)) return images[short];
  return shells.has(short) ? shellImage : undefined;
}

/** An image that nobody knows: whatever it is asked to run is there, and stays up. */
export const unknownImage: Image = {
  anyProgram: lazily(async () => (await import('./unknown-image.ts')).unknownServer),
  idleWords,
};
