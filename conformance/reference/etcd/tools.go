//go:build tools

// Package etcd is a module of its own: etcd needs other versions of shared modules than Kubernetes does.
package etcd

import _ "go.etcd.io/etcd/server/v3"
