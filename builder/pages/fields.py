"""How form fields look on our pages; the templates stay free of widgets' details."""

from django import forms

CLASSES = {forms.Textarea: "textarea", forms.Select: "select", forms.SelectMultiple: "select"}


class Styled:
    """Give every widget of a form the class of base.css it belongs to."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            widget = field.widget
            if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.HiddenInput):
                continue
            if isinstance(widget, forms.CheckboxInput):
                widget.attrs.setdefault("class", "checkbox")
                continue
            kind = next((name for base, name in CLASSES.items() if isinstance(widget, base)), "input")
            widget.attrs["class"] = f"{kind} {widget.attrs.get('class', '')}".strip()


class Form(Styled, forms.Form):
    """A plain form in our look."""
