import type { Container } from '../kubelet/pod-runtime.ts';
import { builtins } from '../shell/builtins.ts';
import { type Program, server } from './process.ts';
import { isShell, shellProgram } from './shell-program.ts';

/** Images whose own command is a shell without input: it ends at once. */
const shellImages = /(^|\/)(busybox|alpine|debian|ubuntu|centos|fedora)(:|@|$)/;

/** What a container does. An image that nobody knows is a server that stays up. */
export function programOf({ image = '', command = [], args = [] }: Container): Program {
  const isShellImage = shellImages.test(image);
  const words = [...command, ...args];
  if (words.length === 0) return isShellImage ? async () => 0 : server;
  // Arguments alone are for a program of the image's own.
  if (command.length === 0 && !isShellImage) return server;
  const [first = ''] = words;
  const name = first.slice(first.lastIndexOf('/') + 1);
  return isShell(words) || builtins.has(name) ? shellProgram(words) : server;
}
