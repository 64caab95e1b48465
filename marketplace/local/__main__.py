import sys

from marketplace.local.supervisor import main

sys.exit(main())
