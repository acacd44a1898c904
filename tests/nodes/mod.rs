//! Three gateways on one PostgreSQL, each in a process of its own, behind a TCP balancer: no node knows of another, and no request can tell which it met.

mod balancer;
mod disruption;
mod faults;
mod policies;
mod region;
mod shared;
mod standby;
