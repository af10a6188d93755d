// SPDX-License-Identifier: Apache-2.0

package edge

// TLSPolicy is the security policy of every HTTPS listener, and the one place to change it. It admits TLS 1.3, and TLS
// 1.2 with forward secrecy and authenticated encryption only, and prefers a key exchange that a later quantum computer
// cannot undo. AWS recommends it and its console picks it ("Security policies for your Application Load Balancer",
// Elastic Load Balancing User Guide); without a policy the API falls back to one that still admits TLS 1.0.
const TLSPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
