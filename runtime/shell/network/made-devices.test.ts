import { test } from 'tap';
import { createNetwork } from '../../network/create-network.ts';
import { ip } from './interfaces.ts';
import type { NetworkProcess } from './place.ts';

test('who may change a network makes devices, gives them addresses and takes them away', async (t) => {
  const network = createNetwork({ hostIp: '172.18.255.254' }).open({ node: 'n', ips: ['10.244.0.2'] });
  const run = async (line: string, effective = '0000000000001000'): Promise<readonly [number, string]> => {
    let text = '';
    const take = { write: (more: string) => (text += more) };
    const user = { uid: 0, gid: 0, groups: [], capabilities: { effective } };
    const random = { next: () => 0.5 };
    const process = { network, user, random, stdout: take, stderr: take } as unknown as NetworkProcess;
    return [await ip(line.split(' '), process), text];
  };
  t.strictSame(await run('link add dummy0 type dummy', '00000000a80425fb'), [
    2,
    'RTNETLINK answers: Operation not permitted\n',
  ]);
  t.strictSame(await run('link add dummy0 type dummy'), [0, '']);
  t.strictSame(await run('link add dummy0 type dummy'), [2, 'RTNETLINK answers: File exists\n']);
  t.strictSame(await run('link add w type wireguard'), [2, 'RTNETLINK answers: Operation not supported\n']);
  t.match((await run('link show dummy0'))[1], /^3: dummy0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN/);
  await run('link set dummy0 up');
  await run('addr add 10.9.8.7/16 dev dummy0');
  t.match((await run('addr show dummy0'))[1], /<BROADCAST,NOARP,UP,LOWER_UP>.*\n.*\n {4}inet 10\.9\.8\.7\/16 .*dummy0/);
  t.match((await run('addr'))[1], /1: lo:(.*\n)*2: eth0@(.*\n)*3: dummy0:/);
  await run('addr del 10.9.8.7/16 dev dummy0');
  t.notMatch((await run('addr'))[1], '10.9.8.7');
  t.strictSame(await run('link del eth0'), [2, 'RTNETLINK answers: Operation not supported\n']);
  t.strictSame(await run('link del dummy0'), [0, '']);
  t.strictSame(await run('link del dummy0'), [1, 'Cannot find device "dummy0"\n']);
  t.strictSame(await run('addr add nonsense dev eth0'), [
    1,
    'Error: any valid prefix is expected rather than "nonsense".\n',
  ]);
});
