import { bindPrograms } from '../../../shell/network/tools.ts';
import { type Image, lazily } from '../image.ts';
import { writeRelease } from '../os-release.ts';
import { localhostCertificate } from './localhost-certificate.ts';

const agnhost = lazily(async () => (await import('./command.ts')).agnhost);

/** It is there for tests that bring a server of names. */
const coredns = lazily(async () => (await import('../coredns/coredns.ts')).coredns);

/** Kubernetes' own test image: one program with a command for each thing to test. */
export const agnhostImage: Image = {
  entrypoint: ['/agnhost'],
  command: ['pause'],
  programs: { '/agnhost': agnhost, '/agnhost-2': agnhost, '/coredns': coredns, ...bindPrograms },
  files: (tree) => {
    writeRelease(tree, 'alpine');
    const add = (path: string, line: string): void => tree.write(path, `${tree.read(path) ?? ''}${line}\n`);
    add('/etc/passwd', 'user-defined-in-image:x:1000:1000:Linux User,,,:/home/user-defined-in-image:/bin/sh');
    add('/etc/group', 'user-defined-in-image:x:1000:');
    add('/etc/group', 'group-defined-in-image:x:50000:user-defined-in-image');
    tree.makeDirectory('/uploads', 0o777);
    tree.write('/localhost.crt', localhostCertificate.cert);
    tree.write('/localhost.key', localhostCertificate.key);
  },
};
