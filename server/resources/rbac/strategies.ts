import type { AnyStrategy } from '../../registry/strategy.ts';
import { clusterRoleBindings, roleBindings } from './bindings.ts';
import { clusterRoles, roles } from './roles.ts';

export const rbacStrategies: readonly AnyStrategy[] = [roles, clusterRoles, roleBindings, clusterRoleBindings];
