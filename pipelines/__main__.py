"""`python -m pipelines` is `recon`."""

from pipelines.cli import main

if __name__ == "__main__":
    main()
