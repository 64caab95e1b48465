from django.urls import path

from payments import paper_views, payout_views

app_name = "payouts"
urlpatterns = [
    path("", payout_views.index, name="index"),
    path("onboarding/", payout_views.onboarding, name="onboarding"),
    path("onboarded/", payout_views.onboarded, name="onboarded"),
    path("plan/", payout_views.plan, name="plan"),
    path("tax/", payout_views.tax_details, name="tax"),
    path("new/", payout_views.request_payout, name="request"),
    path("statements/<str:month>/", paper_views.statement, name="statement"),
    path("statements/<str:month>.<str:suffix>", paper_views.statement, name="statement-file"),
    path("invoices/<str:month>/", paper_views.invoice, name="invoice"),
    path("invoices/<str:month>.<str:suffix>", paper_views.invoice, name="invoice-file"),
    path("income/<int:year>/", paper_views.income, name="income"),
    path("income/<int:year>.<str:suffix>", paper_views.income, name="income-file"),
]
