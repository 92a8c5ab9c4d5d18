"""What we promise about speed, as ratios against a floor or a rival that is measured in the same run."""
