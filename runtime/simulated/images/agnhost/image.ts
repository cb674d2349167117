import { bindPrograms } from '../../../shell/network/tools.ts';
import { type Image, lazily } from '../image.ts';

const agnhost = lazily(async () => (await import('./command.ts')).agnhost);

/** Kubernetes' own test image: one program with a command for each thing to test. */
export const agnhostImage: Image = {
  entrypoint: ['/agnhost'],
  command: ['pause'],
  programs: { '/agnhost': agnhost, '/agnhost-2': agnhost, ...bindPrograms },
  files: (tree) => tree.makeDirectory('/uploads', 0o777),
};
