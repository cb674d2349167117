import { agnhostImage } from './agnhost/image.ts';
import { type Image, shortName } from './image.ts';
import { httpdImage, nginxImage } from './web/image.ts';

/** Images of which the shell is all that there is to run. */
const shellImage: Image = { command: ['sh'] };

const images: Readonly<Record<string, Image>> = {
  agnhost: agnhostImage,
  busybox: shellImage,
  alpine: shellImage,
  debian: shellImage,
  ubuntu: shellImage,
  centos: shellImage,
  fedora: shellImage,
  nginx: nginxImage(80),
  'nginx-new': nginxImage(80),
  'nginx-slim': nginxImage(80),
  'nginx-unprivileged': nginxImage(8080),
  httpd: httpdImage,
};

/** Any image is known by the last part of its name. Undefined: nobody knows it. */
export function imageOf(name: string): Image | undefined {
  return images[shortName(name)];
}
