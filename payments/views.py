"""Where the processor's events arrive."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments import webhooks
from payments.processor.interface import ProcessorRefused

LARGEST_EVENT_BYTES = 1_000_000


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Store a signed event and answer at once; a worker does the rest."""
    if len(request.body) > LARGEST_EVENT_BYTES:
        return JsonResponse({"detail": "This is too large for an event."}, status=413)
    try:
        webhooks.receive(request.body, request.headers.get("Stripe-Signature", ""))
    except ProcessorRefused as refusal:
        return JsonResponse({"code": refusal.code, "detail": str(refusal)}, status=400)
    return HttpResponse(status=200)
