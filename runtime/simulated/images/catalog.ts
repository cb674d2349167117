import { bindPrograms } from '../../shell/network/tools.ts';
import { agnhostImage } from './agnhost/image.ts';
import { apiImages } from './api/image.ts';
import { appImages } from './apps/image.ts';
import { databaseImages } from './databases/image.ts';
import { type Image, lazily, shortName } from './image.ts';
import { lifetimeOf } from './lifetime.ts';
import { redisImages } from './redis/image.ts';
import { httpdImage, nginxImage } from './web/image.ts';

/** Images of which the shell is all that there is to run. */
const shellImage: Image = { command: ['sh'] };

/** Of those that look for names. */
const dnsToolsImage: Image = { command: ['sh'], programs: bindPrograms };

/** What shows a picture to whoever asks, and which. */
const pictureImage = (picture: string): Image => ({
  ...agnhostImage,
  command: ['test-webserver'],
  files: (tree) => {
    tree.write(`/${picture}`, '');
    tree.write('/data.json', `{\n  "image": "${picture}"\n}\n`);
  },
});

const images: Readonly<Record<string, Image>> = {
  ...apiImages,
  ...appImages,
  ...databaseImages,
  ...redisImages,
  agnhost: agnhostImage,
  coredns: {
    entrypoint: ['/coredns'],
    hasShell: false,
    programs: { '/coredns': lazily(async () => (await import('./coredns/coredns.ts')).coredns) },
  },
  pause: {
    entrypoint: ['/pause'],
    hasShell: false,
    programs: { '/pause': (context) => lifetimeOf(context).ended },
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
  'alpine',
  'bash',
  'debian',
  'ubuntu',
  'centos',
  'fedora',
  'amazonlinux',
  'rockylinux',
  'oraclelinux',
  'opensuse',
  'archlinux',
  'almalinux',
  'ubi8',
  'ubi9',
  'ubi-minimal',
  'toybox',
  'debian-base',
  'curl',
  'curl-base',
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
};
