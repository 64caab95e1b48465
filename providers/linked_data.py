"""What search engines are told of a page, in the vocabulary of schema.org."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from providers.guides import Guide
from providers.models import Provider


def of_guide(guide: Guide, provider: Provider, *, address: str) -> dict[str, Any]:
    """A guide as an article, its questions, and where it stands on the site."""
    publisher = {"@type": "Organization", "name": "Surplus", "url": f"{settings.SITE_ORIGIN}/"}
    article = {
        "@type": "TechArticle",
        "headline": guide.title,
        "description": guide.summary,
        "dateModified": guide.checked_on.isoformat(),
        "mainEntityOfPage": address,
        "image": f"{address}card.png",
        "author": publisher,
        "publisher": publisher,
        "about": {"@type": "Organization", "name": provider.name, "url": provider.homepage},
        "citation": [source.url for source in guide.sources],
    }
    questions = {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": one.question,
                "acceptedAnswer": {"@type": "Answer", "text": one.answer.text},
            }
            for one in guide.questions
        ],
    }
    trail = (
        ("Guides", f"{settings.SITE_ORIGIN}{reverse('guides:index')}"),
        (provider.name, address),
    )
    crumbs = {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": item}
            for place, (name, item) in enumerate(trail, start=1)
        ],
    }
    return {"@context": "https://schema.org", "@graph": [article, questions, crumbs]}
