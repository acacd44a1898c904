//! The integrator's client: sign, send, verify the response, open, verify the receipt.
