import type { Conversion } from '../registry/conversion.ts';
import type { AnyStrategy } from '../registry/strategy.ts';
import { admissionregistrationStrategies } from './admissionregistration/strategies.ts';
import { apiextensionsStrategies } from './apiextensions/strategies.ts';
import { apiregistrationStrategies } from './apiregistration/strategies.ts';
import { appsStrategies } from './apps/strategies.ts';
import { autoscalingConversions } from './autoscaling/conversions.ts';
import { autoscalingStrategies } from './autoscaling/strategies.ts';
import { batchStrategies } from './batch/strategies.ts';
import { certificatesStrategies } from './certificates/strategies.ts';
import { coordinationStrategies } from './coordination/strategies.ts';
import { coreStrategies } from './core/strategies.ts';
import { discoveryStrategies } from './discovery/strategies.ts';
import { eventConversions } from './events/conversions.ts';
import { flowcontrolStrategies } from './flowcontrol/strategies.ts';
import { networkingStrategies } from './networking/strategies.ts';
import { nodeStrategies } from './node/strategies.ts';
import { policyStrategies } from './policy/strategies.ts';
import { rbacStrategies } from './rbac/strategies.ts';
import { resourceConversions } from './resource/conversions.ts';
import { resourceStrategies } from './resource/strategies.ts';
import { schedulingStrategies } from './scheduling/strategies.ts';
import { storageStrategies } from './storage/strategies.ts';
import { storagemigrationStrategies } from './storagemigration/strategies.ts';

/** What every built-in resource does differently: adding one is a line in its group's `strategies.ts`. */
export const strategies: readonly AnyStrategy[] = [
  ...coreStrategies,
  ...admissionregistrationStrategies,
  ...apiextensionsStrategies,
  ...apiregistrationStrategies,
  ...appsStrategies,
  ...autoscalingStrategies,
  ...batchStrategies,
  ...certificatesStrategies,
  ...coordinationStrategies,
  ...discoveryStrategies,
  ...flowcontrolStrategies,
  ...networkingStrategies,
  ...nodeStrategies,
  ...policyStrategies,
  ...rbacStrategies,
  ...resourceStrategies,
  ...schedulingStrategies,
  ...storageStrategies,
  ...storagemigrationStrategies,
];

export const conversions: readonly Conversion[] = [
  ...autoscalingConversions,
  ...eventConversions,
  ...resourceConversions,
];
