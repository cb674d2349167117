import type { Container } from '../kubelet/pod-runtime.ts';
import { deaf, type Program, server } from './process.ts';
import { plainProgram, scriptProgram } from './script.ts';

const shells = new Set(['sh', 'bash', 'ash']);
/** Images whose own command is a shell without input: it ends at once. */
const shellImages = /(^|\/)(busybox|alpine|debian|ubuntu|centos|fedora)(:|@|$)/;

/** `registry/path/name:tag` without registry, tag and digest. */
export function imageName(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

/** What a container does. An image that nobody knows is a server that stays up. */
export function programOf({ image = '', command = [], args = [] }: Container): Program {
  const words = [...command, ...args];
  if (words.length === 0) return shellImages.test(image) ? async () => 0 : server;
  const [first = ''] = words;
  const name = first.split('/').at(-1) ?? '';
  if (command.length === 0 && !shellImages.test(image)) return server;
  if (shells.has(name)) {
    const at = words.findIndex((word, index) => index > 0 && /^-[a-z]*c$/.test(word));
    return at < 0 ? deaf : scriptProgram(words[at + 1] ?? '');
  }
  return plainProgram(words) ?? server;
}
