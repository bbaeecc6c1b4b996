"""What Serve is told about a deployment's autoscaling."""

from __future__ import annotations

from typing import Any

from ray.serve.config import AutoscalingConfig, AutoscalingPolicy

from deployments.autoscaling.policy import HeadroomPolicy, Settings
from deployments.config import AutoscalingArgs

# How often replicas and handles report. Serve's own policy averages over the look-back, ours takes the last.
METRICS_INTERVAL_S = 1.0
LOOK_BACK_S = 5.0


def autoscaling_config(args: AutoscalingArgs) -> AutoscalingConfig:
    """Return Serve's configuration for these arguments."""
    if args.policy == "ongoing_requests":
        return AutoscalingConfig(
            min_replicas=args.min_replicas,
            max_replicas=args.max_replicas,
            target_ongoing_requests=args.target_ongoing_requests,
            upscale_delay_s=args.upscale_delay_s,
            downscale_delay_s=args.downscale_delay_s,
            downscale_to_zero_delay_s=args.downscale_to_zero_delay_s,
            metrics_interval_s=METRICS_INTERVAL_S,
            look_back_period_s=LOOK_BACK_S,
        )
    policy: Any = AutoscalingPolicy
    return AutoscalingConfig(
        min_replicas=args.min_replicas,
        max_replicas=args.max_replicas,
        upscale_delay_s=0.0,
        downscale_delay_s=0.0,
        metrics_interval_s=METRICS_INTERVAL_S,
        look_back_period_s=LOOK_BACK_S,
        policy=policy(policy_function=HeadroomPolicy, policy_kwargs=settings(args)._asdict()),
    )


def settings(args: AutoscalingArgs) -> Settings:
    """Return the policy's settings."""
    return Settings(
        min_replicas=args.min_replicas,
        max_replicas=args.max_replicas,
        target_load=args.target_load,
        margin=args.margin,
        min_headroom_s=args.min_headroom_s,
        startup_s=args.startup_s,
        trend_window_s=args.trend_window_s,
        downscale_delay_s=args.downscale_delay_s,
        idle_delay_s=args.downscale_to_zero_delay_s,
    )
