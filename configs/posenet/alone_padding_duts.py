# Zeros around the input of the read-out give position away (Table 4).
_base_ = '_base_/duts.py'

model = dict(readouts=dict(map=['H', 'G', 'HS'], padding=[0, 1, 2]))
