import t from 'tap';
import { controllerFlags } from './controller-flags.ts';
import { flags as controllerManager } from './controller-manager.ts';
import { joined, known } from './flags.ts';
import { commandWords, helpOf } from './help.ts';
import { flags as kubelet } from './kubelet.ts';
import { flags as scheduler } from './scheduler.ts';

const commands: Readonly<Record<string, readonly string[]>> = {
  start: [...Object.keys(known), ...joined, ...controllerFlags],
  'controller-manager': [...Object.keys(controllerManager), ...controllerFlags],
  scheduler: Object.keys(scheduler),
  kubelet: Object.keys(kubelet),
};

for (const [command, flags] of Object.entries(commands))
  t.test(`the help of ${command} has each of its flags and no other`, (t) => {
    t.same(Object.keys(commandWords[command] ?? {}).toSorted(), [...new Set(flags)].toSorted());
    const text = helpOf(command) ?? '';
    for (const flag of flags) t.match(text, `\n  --${flag}`);
    for (const line of text.split('\n')) t.ok(line.length <= 120, line);
    t.end();
  });

t.test('the help shows what a flag wants and its default', (t) => {
  t.match(helpOf('start'), '  --data-dir DIR\n      objects, keys, certificates, kubeconfig (.kubefacade)\n');
  t.match(helpOf('start'), '  --strict-images\n      images');
  t.match(helpOf('kubelet'), '  --node-labels KEY=VALUE,...\n      of');
  t.match(helpOf('kubelet'), '  --register-with-taints KEY=VALUE:EFFECT,...\n');
  t.equal(helpOf('none'), undefined);
  t.end();
});
