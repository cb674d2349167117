import type { Api } from '../object.ts';
import { type Amounts, addAmounts, maxAmounts } from './amounts.ts';
import type { QuotaEvaluator } from './evaluator.ts';

type ResourceClaim = Readonly<Api<'io.k8s.api.resource.v1.ResourceClaim'>>;

const countName = 'count/resourceclaims.resource.k8s.io';
const ofClass = '.deviceclass.resource.k8s.io/devices';
/** What "all devices" counts for: the most that one claim can get. */
const mostDevices = 32;

interface Wanted {
  readonly deviceClassName?: string;
  readonly allocationMode?: string;
  readonly count?: number;
}

export const resourceClaimEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource }) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  resourcesAmong: (names) => names.filter((name) => name === countName || name.endsWith(ofClass)),
  usage({ spec }: ResourceClaim) {
    let used: Amounts = { [countName]: '1' };
    for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
      if (firstAvailable.length > 0) used = addAmounts(used, firstAvailable.map(devices).reduce(maxAmounts, {}));
      else if (exactly !== undefined) used = addAmounts(used, devices(exactly));
    }
    return used;
  },
};

function devices({ deviceClassName = '', allocationMode, count = 0 }: Wanted): Amounts {
  const wanted = allocationMode === 'All' ? mostDevices : allocationMode === 'ExactCount' ? count : 0;
  return { [deviceClassName + ofClass]: String(wanted) };
}
