"""The shapes of answers and bodies, as CONTRACT has them: read by the OpenAPI document, bodies checked by them too."""

from builder.api.shapes.data import *  # noqa: F403
from builder.api.shapes.describing import *  # noqa: F403
from builder.api.shapes.flows import *  # noqa: F403
from builder.api.shapes.operating import *  # noqa: F403
from builder.api.shapes.runs import *  # noqa: F403
from builder.api.shapes.workspace import *  # noqa: F403
