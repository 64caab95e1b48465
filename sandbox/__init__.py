"""Local stand-ins for Stripe, GitHub, Google and the providers' balance APIs."""
